"""The side path: merchants' memories are written when an hour closes, and only then are batches acknowledged."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from faust.types import TP

import stream.stages.profiles
from detectors.memory_keys import ledger_key, merchant_key
from detectors.merchants.activity import Activity, LabelChange, Payment, encode_activity
from detectors.merchants.ledger import ledger_edge
from detectors.merchants.profile import decode_profile
from detectors.merchants.reading import read_sums
from detectors.timing import Timing
from sinks.dead_letters import read_cause
from stream.batching.batch import BatchMessage
from stream.metrics import Metrics
from stream.stages.profiles import ProfileLanes, ProfileStage, Writers
from stream.topics import DEAD_LETTERS, MERCHANT_ACTIVITY
from tests.unit.stream.stages.fakes import (
    FakeApp,
    FakeProducer,
    FakeStream,
    FakeTable,
    message,
    record,
)

Q = 1
"""The partition of merchants."""
SOURCES = 2


@dataclass
class Side:
    """The stage in its lanes, with everything around it faked."""

    app: FakeApp = field(default_factory=FakeApp)
    table: FakeTable = field(default_factory=FakeTable)
    outputs: FakeProducer = field(default_factory=FakeProducer)
    metrics: Metrics = field(default_factory=Metrics)
    taken: int = 0
    """Offset of the next record."""

    def __post_init__(self) -> None:
        writers = Writers(self.outputs, FakeProducer())
        table: Any = self.table
        app: Any = self.app
        self.lanes = ProfileLanes(app, ProfileStage(Timing(), SOURCES, table, writers, self.metrics))

    async def take(self, *activities: Activity | bytes) -> BatchMessage:
        """Take a batch to the end of its effects."""
        values = [each if isinstance(each, bytes) else encode_activity(each) for each in activities]
        batch = message(
            [record(self.taken + n, v, topic=MERCHANT_ACTIVITY, partition=Q) for n, v in enumerate(values)]
        )
        self.taken += len(values)
        await self.lanes.run(FakeStream([batch]))
        await self.lanes.idle()
        return batch

    @property
    def finished(self) -> list[int]:
        """First offsets of the batches that were acknowledged."""
        return [each.value.first_offset for each in self.app.consumer.finished]


def paid(source: int, position: int, hour: int, edge: int, merchant: str = "m1") -> Activity:
    return Activity(source, edge, (Payment(position, merchant, hour, 500),))


def payments_before(memories: dict[bytes, bytes], edge: int, merchant: str = "m1") -> int:
    profile = decode_profile(memories[merchant_key(merchant)])
    return read_sums(profile, edge, Timing()).payments[2]


async def test_an_hour_is_written_when_every_partition_of_payments_has_closed_it() -> None:
    side = Side()
    await side.take(paid(0, 1, hour=10, edge=10), paid(1, 1, hour=10, edge=10))
    assert [ledger_edge(each[ledger_key(Q)]) for each in side.table.written] == [10]
    await side.take(Activity(0, 11))
    assert len(side.table.written) == 1
    await side.take(Activity(1, 11))
    assert ledger_edge(side.table.changelog[ledger_key(Q)]) == 11
    assert payments_before(side.table.changelog, 11) == 2
    assert side.metrics.merchants_folded._value.get() == 1


async def test_a_batch_is_acknowledged_when_its_hours_are_closed_and_holds_no_records_until_then() -> None:
    side = Side()
    await side.take(Activity(0, 10), Activity(1, 10))
    open_hour = await side.take(paid(0, 1, hour=10, edge=10))
    ahead = await side.take(Activity(0, 12))
    assert side.finished == [0]
    assert open_hour.value.records == ahead.value.records == ()
    assert [each.value.first_offset for each in side.app.consumer.released] == [2, 3]
    await side.take(Activity(1, 11))
    assert side.finished == [0, 2, 4]
    await side.take(Activity(1, 12))
    assert side.finished == [0, 2, 4, 3, 5]


async def test_of_all_that_an_hour_brings_one_batch_holds_the_commit_back() -> None:
    """An hour may bring hundreds of thousands: those behind the one that is held cannot be committed before it."""
    side = Side()
    for position in range(50):
        await side.take(paid(0, position, hour=10, edge=10))
    assert [each.value.first_offset for each in side.app.consumer.released] == [0]
    assert side.finished == list(range(1, 50))
    await side.take(Activity(0, 11), Activity(1, 11))
    assert side.finished == [*range(1, 50), 0, 50]
    assert payments_before(side.table.changelog, 11) == 50


async def test_what_a_source_tells_of_the_time_is_kept_in_kafka_until_that_hour_is_closed() -> None:
    """A worker that starts anew hears it again: nobody repeats it before the next hour."""
    side = Side()
    await side.take(Activity(0, 11))
    assert side.finished == []


async def test_a_worker_that_starts_anew_counts_once_what_it_is_told_again() -> None:
    before = Side()
    told = [paid(0, 1, hour=9, edge=10), paid(0, 2, hour=10, edge=10), paid(1, 1, hour=9, edge=10)]
    await before.take(*told)
    after = Side(table=FakeTable(local=dict(before.table.changelog)))
    await after.take(*told)
    await after.take(paid(0, 2, hour=10, edge=10), Activity(0, 11), Activity(1, 11))
    assert payments_before(after.table.local, 11) == 3


async def test_killed_between_two_writes_the_next_worker_folds_the_same_hours_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Memories first, the head last: while it asks for the hours, each memory knows that it has them."""
    monkeypatch.setattr(stream.stages.profiles, "LARGEST_CHANGE_BYTES", 60)
    told = [
        Activity(0, 10, (Payment(1, "m1", 9, 0), Payment(2, "m2", 9, 0)), (LabelChange(3, "m1", 9, 1),)),
        Activity(1, 10),
    ]
    whole = Side()
    await whole.take(*told)
    assert len(whole.table.written) > 1
    assert [ledger_key(Q) in part for part in whole.table.written] == [False] * (len(whole.table.written) - 1) + [
        True
    ]

    cut = Side(table=FakeTable(local=dict(whole.table.written[0])))
    await cut.take(*told)
    assert cut.table.local == whole.table.local


async def test_what_is_no_activity_is_a_dead_letter_and_the_rest_counts() -> None:
    side = Side()
    foreign = [b"{}", b"", b"\xff", encode_activity(Activity(SOURCES, 99))]
    await side.take(*foreign, Activity(0, 10), Activity(1, 10))
    letters = side.outputs.sent_to(DEAD_LETTERS)
    assert [letter.value for letter in letters] == foreign
    assert read_cause(list(letters[-1].headers.items())).message == "there is no partition 2 of payments"
    assert ledger_edge(side.table.changelog[ledger_key(Q)]) == 10


async def test_a_partition_that_leaves_takes_its_ledger_and_its_batches_with_it() -> None:
    side = Side()
    await side.take(Activity(0, 11))
    assert side.lanes.newest_edge() == 11
    (leave,) = side.app.revocation_hooks
    await leave({TP(MERCHANT_ACTIVITY, Q), TP("other", 0)})
    assert [each.value.first_offset for each in side.app.consumer.abandoned] == [0]
    assert side.lanes.newest_edge() == 0


async def test_a_worker_that_stops_gives_open_hours_back() -> None:
    side = Side()
    await side.take(Activity(0, 11))
    side.lanes.let_go()
    assert [each.value.first_offset for each in side.app.consumer.abandoned] == [0]
    assert side.finished == []
