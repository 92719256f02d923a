"""Facts about the agent that explains alerts, on a broker and processes that are only written down."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiokafka.structs import TopicPartition

from stream.batching.records import Record
from stream.explaining import service
from stream.explaining.process import Job, Result
from stream.explaining.service import TOGETHER, ExplainService
from stream.headers import EXPLAINED_MS, INGESTED_AT, ORIGIN
from stream.metrics import Metrics
from stream.topics import ALERTS, EXPLAINED
from tests.unit.stream.stages.fakes import FakeProducer, Produced

AT = TopicPartition(ALERTS, 3)


def record(offset: int, age_seconds: float = 0.0, value: bytes | None = b"alert") -> Record:
    stamp = int((time.time() - age_seconds) * 1000)
    headers = ((ORIGIN, b"t/0/1"), (INGESTED_AT, b"1700000000000"))
    return Record(ALERTS, AT.partition, offset, stamp, 0, b"account", value, headers)


@dataclass
class FakeConsumer:
    """Gives batches of records once, and then waits for ever."""

    batches: list[list[Record]]
    fails: int = 0
    committed: list[int] = field(default_factory=list)
    started: int = 0
    stopped: int = 0

    async def start(self) -> None:
        self.started += 1

    async def stop(self) -> None:
        self.stopped += 1

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Record]]:
        if self.fails:
            self.fails -= 1
            raise ConnectionError("the broker is away")
        if self.batches:
            return {AT: self.batches.pop(0)}
        await asyncio.sleep(0.001)
        return {}

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed.append(offsets[AT])


@dataclass
class FakeExplainers:
    """Explains whatever is not empty."""

    jobs: list[Sequence[Job]] = field(default_factory=list)
    stopped: bool = False

    async def explain(self, jobs: Sequence[Job]) -> list[Result]:
        self.jobs.append(jobs)
        return [
            Result("exact" if job.why_exact else "lime", 0.0125, b"account", b"why") if job.value else UNREADABLE
            for job in jobs
        ]

    async def stop(self) -> None:
        self.stopped = True


UNREADABLE = Result("unreadable", 0.0)


@dataclass
class Scene:
    consumer: FakeConsumer
    explainers: FakeExplainers = field(default_factory=FakeExplainers)
    producer: FakeProducer = field(default_factory=FakeProducer)
    metrics: Metrics = field(default_factory=Metrics)

    @asynccontextmanager
    async def running(self, until: int) -> AsyncIterator[ExplainService]:
        """Run the service up to a committed offset."""
        made = ExplainService(lambda: self.consumer, self.producer, self.explainers, self.metrics, 1, 60.0)
        made.start()
        async with asyncio.timeout(10):
            while self.consumer.committed[-1:] != [until]:
                await asyncio.sleep(0.001)
        yield made
        await made.stop()

    @property
    def sent(self) -> list[Produced]:
        return self.producer.sent_to(EXPLAINED)

    def counted(self, outcome: str) -> float:
        found = self.metrics.registry.get_sample_value("riskstream_explanations_total", {"outcome": outcome})
        return found or 0.0


async def test_alerts_are_explained_into_their_own_partition_and_then_acknowledged() -> None:
    scene = Scene(FakeConsumer([[record(5), record(6)]]))
    async with scene.running(until=7):
        assert [each.partition for each in scene.sent] == [AT.partition] * 2
        assert [each.key for each in scene.sent] == [b"account"] * 2
        assert scene.consumer.committed == [7]
        assert scene.counted("lime") == 2


async def test_the_time_spent_travels_in_a_header() -> None:
    scene = Scene(FakeConsumer([[record(0)]]))
    async with scene.running(until=1):
        headers = scene.sent[0].headers
        assert headers[EXPLAINED_MS] == b"12.5"
        assert headers[INGESTED_AT] == b"1700000000000"
        assert ORIGIN not in headers, "the guard of the main path would take it for its own"


async def test_what_waited_too_long_is_explained_without_lime() -> None:
    scene = Scene(FakeConsumer([[record(0, age_seconds=61.0), record(1)]]))
    async with scene.running(until=2):
        late, fresh = scene.explainers.jobs[-1]
        assert "more than 60 s" in (late.why_exact or "")
        assert fresh.why_exact is None
        assert (scene.counted("exact"), scene.counted("lime")) == (1, 1)


async def test_what_is_no_alert_is_counted_and_passed_over() -> None:
    scene = Scene(FakeConsumer([[record(0, value=None), record(1)]]))
    async with scene.running(until=2):
        assert len(scene.sent) == 1
        assert scene.counted("unreadable") == 1


async def test_a_backlog_is_taken_up_a_few_at_a_time() -> None:
    """So that a fresh alert waits for no more than these."""
    scene = Scene(FakeConsumer([[record(offset) for offset in range(20)]]))
    async with scene.running(until=20):
        assert max(map(len, scene.explainers.jobs)) == TOGETHER
        assert scene.consumer.committed == [8, 16, 20]


async def test_a_failure_starts_anew_from_what_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RETRY_SECONDS", 0.0)
    scene = Scene(FakeConsumer([[record(0)]], fails=2))
    async with scene.running(until=1):
        assert (scene.consumer.started, scene.consumer.stopped) == (3, 2)


async def test_the_processes_are_there_before_the_first_alert() -> None:
    scene = Scene(FakeConsumer([[record(0)]]))
    async with scene.running(until=1):
        assert list(scene.explainers.jobs[0]) == []


async def test_stopping_leaves_the_group_and_ends_the_processes() -> None:
    scene = Scene(FakeConsumer([[record(0)]]))
    async with scene.running(until=1):
        assert scene.consumer.stopped == 0
    assert scene.consumer.stopped == 1
    assert scene.explainers.stopped
