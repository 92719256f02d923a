"""Where a recovery begins and ends, on a consumer that is a list of records; a real broker is in tests/broker."""

from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord, TopicPartition

from stream.batching import recovery
from stream.batching.recovery import ChangelogReader
from stream.batching.stores.memory import MemoryStore
from stream.errors import RecoveryStalled

P0, P1 = TopicPartition("changelog", 0), TopicPartition("changelog", 1)


class FakeLog:
    """One consumer over partitions with holes; markers and compacted records are offsets without a record."""

    def __init__(
        self, records: dict[TopicPartition, dict[int, bytes | None]], ends: dict[TopicPartition, int]
    ) -> None:
        self.records = records
        self.ends = ends
        self.starts = dict.fromkeys(ends, 0)
        self.positions: dict[TopicPartition, int] = {}
        self.sought: dict[TopicPartition, int] = {}
        self.stuck = False
        self.closed = False

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        self.closed = True

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return self.starts

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return self.ends

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self.positions = dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.positions[partition] = self.sought[partition] = offset

    async def position(self, partition: TopicPartition) -> int:
        return self.positions[partition]

    async def getmany(self, **limits: int) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Give one record of each partition, and then move past what is none."""
        found = {}
        for partition, position in () if self.stuck else list(self.positions.items()):
            left = sorted(offset for offset in self.records[partition] if offset >= position)
            if left:
                value = self.records[partition][left[0]]
                key = b"key/%d" % (left[0] % 3)
                found[partition] = [ConsumerRecord(*partition, left[0], 0, 0, key, value, None, 0, 0, ())]
            self.positions[partition] = left[0] + 1 if left else self.ends[partition]
        return found


async def recover(log: Any, stores: dict[TopicPartition, MemoryStore]) -> int:
    reader = ChangelogReader(log, stores)
    await reader.read()
    return reader.records


async def test_recovery_ends_by_position_where_the_last_offsets_hold_no_record() -> None:
    store = MemoryStore()
    log = FakeLog({P0: {0: b"old", 3: b"new", 4: b"kept", 7: b"gone", 10: None}}, {P0: 14})

    assert await recover(log, {P0: store}) == 5
    assert store.position == 14
    assert {key: store.reader()(key) for key in (b"key/0", b"key/1")} == {b"key/0": b"new", b"key/1": None}
    assert log.closed


async def test_only_what_is_new_is_read() -> None:
    kept, fresh = MemoryStore(), MemoryStore()
    kept.recover([], 5)
    log = FakeLog({P0: {4: b"a", 5: b"b"}, P1: {0: b"c", 1: b"d"}}, {P0: 6, P1: 2})

    assert await recover(log, {P0: kept, P1: fresh}) == 3
    assert log.sought == {P0: 5, P1: 0}


async def test_nothing_is_read_where_nothing_is_new() -> None:
    store = MemoryStore()
    store.recover([], 6)
    log = FakeLog({P0: {5: b"b"}}, {P0: 6})

    assert await recover(log, {P0: store}) == 0
    assert log.positions == {}
    assert log.closed


async def test_it_begins_where_the_log_does() -> None:
    log = FakeLog({P0: {90: b"b"}}, {P0: 91})
    log.starts = {P0: 80}

    assert await recover(log, {P0: MemoryStore()}) == 1
    assert log.sought == {P0: 80}


@pytest.mark.parametrize("position", [7, 1])
async def test_a_position_outside_the_log_means_that_it_is_another_log(position: int) -> None:
    store = MemoryStore()
    store.apply({b"of another life": b"x"})
    store.recover([], position)
    log = FakeLog({P0: {3: b"a", 5: b"b"}}, {P0: 6})
    log.starts = {P0: 3}

    assert await recover(log, {P0: store}) == 2
    assert store.reader()(b"of another life") is None


async def test_a_log_that_gives_no_more_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "STALL_SECONDS", 0.0)
    log = FakeLog({P0: {0: b"a"}}, {P0: 1})
    log.stuck = True

    with pytest.raises(RecoveryStalled, match="nothing came from changelog partition 0"):
        await recover(log, {P0: MemoryStore()})
    assert log.closed
