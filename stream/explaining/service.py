"""The agent `explain_alerts`: reads alerts in a consumer group of its own, and publishes why they were raised.

Its own group, since the group of the main path counts the offsets of `alerts` for whoever tells people of them: so
neither waits for the other, a worker may explain nothing, and no rebalance of payments waits for an explanation.
Alerts are acknowledged after their explanations are out; what comes again is explained again under the same id.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from stream.batching.producer import Outgoing, send_records
from stream.explaining.process import Job, Result
from stream.headers import EXPLAINED_MS, INGESTED_AT, find
from stream.metrics import Metrics
from stream.topics import EXPLAINED

log = structlog.get_logger(__name__)

MOST_RECORDS: Final = 100
"""Read at once: what a backlog holds in memory here."""
TOGETHER: Final = 8
"""Handed to a process at once: a page waits for no more explanations than these."""
LAST_SECONDS: Final = 3.0
"""For what the processes are at, when the worker stops; what is not acknowledged then is explained again."""
RETRY_SECONDS: Final = 1.0
LONGEST_RETRY_SECONDS: Final = 60.0
_READ_MS: Final = 500


class Explainers(Protocol):
    """Whoever explains: `stream.explaining.pool.ExplainerPool`, or a fake of it."""

    async def explain(self, jobs: Sequence[Job]) -> list[Result]:
        """Return what became of jobs, in their order."""

    async def stop(self) -> None:
        """End."""


class ExplainService:
    """Follows `alerts` from where its group stands."""

    def __init__(
        self,
        open_consumer: Callable[[], AIOKafkaConsumer],
        producer: AIOKafkaProducer,
        explainers: Explainers,
        metrics: Metrics,
        processes: int,
        max_wait_seconds: float,
    ) -> None:
        self._open_consumer = open_consumer
        self._producer = producer
        self._explainers = explainers
        self._metrics = metrics
        self._at_once = asyncio.Semaphore(processes)
        self._max_wait_seconds = max_wait_seconds
        self._stopping = asyncio.Event()
        self._pause = RETRY_SECONDS
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the background."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Let the processes end what they are at, if that goes quickly, and leave the group."""
        self._stopping.set()
        if self._task is not None:
            _, late = await asyncio.wait({self._task}, timeout=LAST_SECONDS)
            for task in late:
                task.cancel()
                await asyncio.wait({task})
        await self._explainers.stop()

    async def _run(self) -> None:
        """Follow the topic. What fails is tried again from the last commit on: it never takes the worker down."""
        warm = asyncio.create_task(self._explainers.explain([]))
        try:
            while not self._stopping.is_set():
                await self._try_to_follow()
        finally:
            warm.cancel()

    async def _try_to_follow(self) -> None:
        began = time.monotonic()
        try:
            await self._follow()
        except Exception:
            # What worked for a while is tried again soon.
            worked = time.monotonic() - began > LONGEST_RETRY_SECONDS
            self._pause = RETRY_SECONDS if worked else min(2 * self._pause, LONGEST_RETRY_SECONDS)
            log.exception("explaining alerts failed; it goes on from what is acknowledged", pause=self._pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._pause)

    async def _follow(self) -> None:
        consumer = self._open_consumer()
        try:
            await consumer.start()
            while not self._stopping.is_set():
                found = await consumer.getmany(timeout_ms=_READ_MS, max_records=MOST_RECORDS)
                await asyncio.gather(*(self._explain(consumer, tp, each) for tp, each in found.items()))
        finally:
            await consumer.stop()

    async def _explain(
        self, consumer: AIOKafkaConsumer, tp: TopicPartition, records: Sequence[ConsumerRecord]
    ) -> None:
        """Explain records of one partition, a few at a time, and acknowledge them."""
        for start in range(0, len(records), TOGETHER):
            if self._stopping.is_set():
                return
            part = records[start : start + TOGETHER]
            async with self._at_once:
                results = await self._explainers.explain([self._job(record) for record in part])
            await self._publish(tp.partition, part, results)
            with suppress(KafkaError):  # who has the partition now explains them again, under the same ids
                await consumer.commit({tp: part[-1].offset + 1})

    def _job(self, record: ConsumerRecord) -> Job:
        """Ask for LIME, unless the alert has waited too long: so a backlog drains."""
        waited = time.time() - record.timestamp / 1000
        if waited <= self._max_wait_seconds:
            return Job(record.value or b"")
        return Job(record.value or b"", f"alerts were waiting for more than {self._max_wait_seconds:g} s")

    async def _publish(self, partition: int, records: Sequence[ConsumerRecord], results: Sequence[Result]) -> None:
        made = [
            Outgoing(result.key, result.value, _headers(record, result))
            for record, result in zip(records, results, strict=True)
            if result.value is not None
        ]
        await asyncio.gather(*await send_records(self._producer, EXPLAINED, partition, made))
        for result in results:
            self._metrics.explanations.labels(result.outcome).inc()
            self._metrics.explanation_seconds.observe(result.seconds)


def _headers(record: ConsumerRecord, result: Result) -> tuple[tuple[str, bytes], ...]:
    """What varies from run to run: the time spent, and when the payment was produced."""
    ingested = find(record.headers, INGESTED_AT)
    spent = ((EXPLAINED_MS, f"{result.seconds * 1000:.1f}".encode()),)
    return spent if ingested is None else (*spent, (INGESTED_AT, ingested))
