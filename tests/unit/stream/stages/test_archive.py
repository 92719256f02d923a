"""The archive acknowledges what S3 holds and nothing else, and holds no more than it must while S3 is away."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import pytest
import stamina
from faust.types import TP

from sinks.archive import FlushPolicy, OffsetRange
from sinks.errors import ArchiveConflictError, ArchiveError, ArchiveUnavailableError, UnreadableRecordError
from stream.batching.batch import BatchMessage
from stream.metrics import Metrics
from stream.stages.archive import ArchiveStage
from stream.topics import ASSESSMENTS, DEAD_LETTERS
from tests.unit.sinks.assessments import assessment
from tests.unit.stream.stages.fakes import FakeApp, FakeProducer, FakeStream, message, record

ROWS = 10
encode = msgspec.json.encode


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    """Retries come at once."""
    with stamina.set_testing(True, attempts=1_000_000):
        yield


@dataclass
class FakeArchive:
    """Keeps uploads; fails with `error` while there is one."""

    error: ArchiveError | None = None
    uploads: list[OffsetRange] = field(default_factory=list)
    attempts: int = 0

    def upload(self, taken: OffsetRange) -> tuple[str, ...]:
        self.attempts += 1
        for each in taken.records:
            if each.value == b"nonsense":
                raise UnreadableRecordError("the record is not an assessment", each.offset)
        if self.error is not None:
            raise self.error
        self.uploads.append(taken)
        return (f"{taken.partition}-{taken.first}-{taken.last}",)


@dataclass
class Stage:
    """An archive stage with everything around it faked."""

    archive: FakeArchive = field(default_factory=FakeArchive)
    policy: FlushPolicy = field(default_factory=lambda: FlushPolicy(rows=ROWS, seconds=60))
    app: FakeApp = field(default_factory=FakeApp)
    dead_letters: FakeProducer = field(default_factory=FakeProducer)
    metrics: Metrics = field(default_factory=Metrics)

    @asynccontextmanager
    async def running(self, messages: Sequence[BatchMessage]) -> AsyncIterator[ArchiveStage]:
        stage = ArchiveStage(
            self.app,
            self.archive,
            self.policy,
            self.dead_letters,
            self.metrics,
        )
        task = asyncio.create_task(stage.run(FakeStream(messages, stays_open=True)))
        try:
            yield stage
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @property
    def finished(self) -> list[int]:
        """Ends of the batches that were acknowledged."""
        return [each.value.end_offset for each in self.app.consumer.finished]

    @property
    def uploaded(self) -> list[tuple[int, int, int]]:
        return [(each.partition, each.first, each.last) for each in self.archive.uploads]


def batches(count: int, rows: int = 5, partition: int = 0, value: bytes | None = None) -> list[BatchMessage]:
    """Consecutive batches of assessments."""
    return [
        message(
            [
                record(offset, value or encode(assessment(offset)), topic=ASSESSMENTS, partition=partition)
                for offset in range(number * rows, (number + 1) * rows)
            ]
        )
        for number in range(count)
    ]


async def until(condition: object) -> None:
    """Wait until a condition holds, at most three seconds."""
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.002)


async def test_rows_that_are_due_are_uploaded_and_then_acknowledged() -> None:
    stage = Stage()
    async with stage.running(batches(5)):
        await until(lambda: stage.finished == [5, 10, 15, 20])
    assert stage.uploaded == [(0, 0, 9), (0, 10, 19)]
    assert stage.metrics.archived._value.get() == 20


async def test_a_batch_that_is_only_half_in_an_object_waits_for_the_other_half() -> None:
    stage = Stage()
    async with stage.running(batches(2, rows=7)):
        await until(lambda: stage.uploaded == [(0, 0, 9)])
        assert stage.finished == [7]


async def test_of_a_batch_that_waits_only_offsets_and_values_are_kept() -> None:
    stage = Stage()
    waiting = batches(1, rows=3)
    async with stage.running(waiting) as archive:
        await until(lambda: stage.app.consumer.released)
        assert [each.value.records for each in waiting] == [()]
        await archive.flush()
    assert stage.uploaded == [(0, 0, 2)]
    assert stage.finished == [3]


async def test_rows_wait_no_longer_than_the_policy_says() -> None:
    stage = Stage(policy=FlushPolicy(rows=ROWS, seconds=0.05))
    async with stage.running([*batches(1, rows=2), *batches(1, rows=3, partition=1)]):
        await until(lambda: sorted(stage.finished) == [2, 3])
    assert sorted(stage.uploaded) == [(0, 0, 1), (1, 0, 2)]


async def test_while_s3_is_away_it_tries_again_and_acknowledges_nothing() -> None:
    stage = Stage(FakeArchive(ArchiveUnavailableError("away")))
    async with stage.running(batches(2)):
        await until(lambda: stage.archive.attempts > 5)
        assert stage.finished == []
        stage.archive.error = None
        await until(lambda: stage.finished == [5, 10])
    assert stage.uploaded == [(0, 0, 9)]
    assert stage.metrics.archive_retries._value.get() >= 5
    assert not stage.app.crashes


@pytest.mark.parametrize(
    "policy",
    [
        FlushPolicy(rows=ROWS, seconds=60),
        FlushPolicy(rows=1_000_000, seconds=60, size=ROWS * len(encode(assessment(1)))),
    ],
    ids=["rows", "bytes"],
)
async def test_while_s3_is_away_it_takes_no_more_than_twice_an_object(policy: FlushPolicy) -> None:
    """Of a partition; another one has room of its own. A batch that is not released holds the consumer back."""
    stage = Stage(FakeArchive(ArchiveUnavailableError("away")), policy)
    async with stage.running([*batches(6), *batches(2, partition=1)]):
        await until(lambda: stage.archive.attempts > 5)
        released = [(each.partition, each.value.end_offset) for each in stage.app.consumer.released]
        assert released == [(0, 5), (0, 10), (0, 15), (1, 5), (1, 10)]
        stage.archive.error = None
        await until(lambda: len(stage.finished) >= 6)


@pytest.mark.parametrize("error", [ArchiveConflictError("other records"), ArchiveError("no such bucket")])
async def test_what_waiting_cannot_mend_ends_the_worker(error: ArchiveError) -> None:
    stage = Stage(FakeArchive(error))
    async with stage.running(batches(2)):
        await until(lambda: bool(stage.app.crashes))
    assert stage.app.crashes == [error]
    assert stage.finished == []
    assert stage.archive.attempts == 1


async def test_a_record_that_is_no_assessment_is_set_aside_and_the_others_are_archived() -> None:
    stage = Stage()
    foreign = message([record(offset, b"nonsense", topic=ASSESSMENTS) for offset in (10, 11)])
    async with stage.running([*batches(1, rows=ROWS - 1), foreign]):
        await until(lambda: stage.finished == [9])
        async with asyncio.timeout(3):
            await until(lambda: bool(stage.uploaded))
    letters = stage.dead_letters.sent_to(DEAD_LETTERS)
    assert [(letter.value, letter.headers["source-offset"]) for letter in letters] == [(b"nonsense", b"10")]
    assert [each.offset for each in stage.archive.uploads[0].records] == list(range(ROWS - 1))


async def test_a_shutdown_writes_what_is_there() -> None:
    stage = Stage()
    async with stage.running([*batches(1), *batches(1, partition=1)]) as running:
        await until(lambda: len(stage.app.consumer.released) == 2)
        await running.flush()
        assert sorted(stage.uploaded) == [(0, 0, 4), (1, 0, 4)]
        assert len(stage.finished) == 2


async def test_what_could_not_be_written_is_given_back() -> None:
    stage = Stage(FakeArchive(ArchiveUnavailableError("away")))
    async with stage.running(batches(3)) as running:
        await until(lambda: stage.archive.attempts > 2)
        running.let_go()
        assert [each.value.end_offset for each in stage.app.consumer.abandoned] == [5, 10, 15]
        stage.archive.error = None
        await until(lambda: bool(stage.uploaded))
        assert stage.finished == [], "an upload that succeeds afterwards acknowledges nothing any more"


async def test_a_rebalance_writes_what_goes_quickly_and_begins_anew() -> None:
    stage = Stage()
    async with stage.running(batches(1)) as running:
        await until(lambda: len(stage.app.consumer.released) == 1)
        (on_revoked,) = stage.app.revocation_hooks
        await on_revoked({TP(ASSESSMENTS, 0)})
        assert (stage.uploaded, stage.finished) == ([(0, 0, 4)], [5])
        running._take_up(batches(1)[0])
        await running.flush()
        assert stage.uploaded == [(0, 0, 4)] * 2, "what is delivered again is written again, under the same name"


async def test_a_batch_that_a_rebalance_took_is_given_back_unread() -> None:
    stage = Stage()
    stage.app.consumer.stale.add(0)
    async with stage.running(batches(1)):
        await until(lambda: bool(stage.app.consumer.abandoned))
    assert stage.archive.attempts == 0
