"""The last stages: collect assessments, or explanations, by partition and write them to S3 as Parquet.

Offsets are committed after the upload. While S3 is away, uploads are tried again for as long as it takes, and the
stage takes no more records than it holds already: the topic keeps them.
"""

import asyncio
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import stamina
import structlog
from aiokafka import AIOKafkaProducer
from faust.types import TP

from detectors.decoding import Rejection
from sinks.archive import FlushPolicy, OffsetRange, ParquetArchive, PartitionBuffer, Record
from sinks.dead_letters import SourcePosition, dead_letter
from sinks.errors import ArchiveUnavailableError, UnreadableRecordError
from stream.batching.app import BatchApp
from stream.batching.producer import Outgoing, send_records
from stream.metrics import Metrics
from stream.topics import ASSESSMENTS, DEAD_LETTERS

log = structlog.get_logger(__name__)

REVOKED_SECONDS = 5.0
"""How long a revocation waits for the last objects; what is not written then is left to the next owner."""
LONGEST_RETRY_WAIT = 5.0
_IDLE_SECONDS = 1.0


class _Held(NamedTuple):
    """A batch whose rows are not all written."""

    message: Any
    """Kept for its offsets: what is left of its records is in the buffer."""
    rows: int
    size: int
    """Bytes of its records."""


class ArchiveStage:
    """Buffers batches, uploads them when due, and only then acknowledges them."""

    def __init__(
        self,
        app: BatchApp,
        archive: ParquetArchive,
        policy: FlushPolicy,
        dead_letters: AIOKafkaProducer,
        metrics: Metrics,
        topic: str = ASSESSMENTS,
    ) -> None:
        self._app = app
        self._archive = archive
        self._policy = policy
        self._dead_letters = dead_letters
        self._metrics = metrics
        self._topic = topic
        self._archived = metrics.archived if topic == ASSESSMENTS else metrics.explanations_archived
        self._buffer = PartitionBuffer(topic, policy)
        self._held: defaultdict[int, list[_Held]] = defaultdict(list)
        self._added = asyncio.Event()
        self._flushing = asyncio.Lock()
        app.revocation_hooks.append(self._on_revoked)

    async def run(self, stream: Any) -> None:
        """Consume an agent's stream until it ends."""
        flusher = asyncio.create_task(self._flush_when_due())
        try:
            async for event in stream.noack().events():
                for message in self._app.consumer.unpack(event.message):
                    self._take_up(message)
        finally:
            flusher.cancel()

    async def flush(self) -> None:
        """Write everything that is buffered."""
        async with self._flushing:
            while partitions := self._buffer.waiting():
                await asyncio.gather(*map(self._flush, partitions))

    def let_go(self) -> None:
        """Give back, unacknowledged, whatever could not be written; it will be delivered again."""
        for partition in list(self._held):
            self._buffer.drop(partition)
            for held in self._held.pop(partition):
                self._app.consumer.abandon(held.message)

    def _take_up(self, message: Any) -> None:
        consumer = self._app.consumer
        if consumer.is_stale(message):
            consumer.abandon(message)
            return
        records = [Record(record.offset, record.value or b"") for record in message.value.records]
        self._buffer.add(message.partition, records, time.monotonic())
        size = sum(len(record.value) for record in records)
        self._held[message.partition].append(_Held(message, len(records), size))
        message.value = replace(message.value, records=())
        if self._has_room(message.partition):
            consumer.release(message)
        self._added.set()

    def _has_room(self, partition: int) -> bool:
        """Tell whether more may be held beside one object that is being written and one that fills."""
        held = self._held[partition]
        rows, size = sum(each.rows for each in held), sum(each.size for each in held)
        return rows < 2 * self._policy.rows and size < 2 * self._policy.size

    async def _flush_when_due(self) -> None:
        while True:
            wait = self._buffer.deadline() - time.monotonic()
            if wait > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._added.wait(), min(wait, _IDLE_SECONDS))
                self._added.clear()
            try:
                async with self._flushing:
                    await asyncio.gather(*map(self._flush, self._buffer.due(time.monotonic())))
            except Exception as error:
                log.exception("archive failed")
                await self._app.crash(error)
                raise

    async def _flush(self, partition: int) -> None:
        taken = self._buffer.take(partition)
        await self._upload(taken)
        self._archived.inc(len(taken.records))
        consumer = self._app.consumer
        held = self._held[partition]
        while held and held[0].message.value.end_offset <= taken.last + 1:
            consumer.finish(held.pop(0).message)
        if self._has_room(partition):
            for each in held:
                consumer.release(each.message)

    async def _upload(self, taken: OffsetRange) -> None:
        retries = stamina.retry_context(
            on=ArchiveUnavailableError, attempts=None, timeout=None, wait_max=LONGEST_RETRY_WAIT
        )
        async for attempt in retries:
            with attempt:
                if attempt.num > 1:
                    self._metrics.archive_retries.inc()
                names = await self._write(taken)
        self._metrics.archive_objects.inc(len(names))

    async def _write(self, taken: OffsetRange) -> tuple[str, ...]:
        """Write a range; records that are none of its kind are set aside as dead letters first."""
        while True:
            try:
                return await asyncio.to_thread(self._archive.upload, taken)
            except UnreadableRecordError as error:
                await self._set_aside(taken, error)
                taken = taken.without(error.offset)

    async def _set_aside(self, taken: OffsetRange, error: UnreadableRecordError) -> None:
        record = next(record for record in taken.records if record.offset == error.offset)
        rejection = Rejection("MALFORMED_JSON", str(error), None)
        position = SourcePosition(taken.topic, taken.partition, record.offset)
        letter = dead_letter(record.value, rejection, position, key=None)
        outgoing = Outgoing(letter.key, letter.value, letter.headers)
        await asyncio.gather(*await send_records(self._dead_letters, DEAD_LETTERS, taken.partition, [outgoing]))
        self._metrics.dead_letters.labels(rejection.reason).inc()

    async def _on_revoked(self, revoked: set[TP]) -> None:
        """Write what is buffered if that goes quickly; the next owner starts at the commit in any case."""
        if any(tp.topic == self._topic for tp in revoked):
            with suppress(TimeoutError):
                async with asyncio.timeout(REVOKED_SECONDS):
                    await self.flush()
            self.let_go()
