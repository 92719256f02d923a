"""The table between stages, stores and the changelog: which partitions it knows, and what it remembers of them."""

from collections.abc import Iterable
from typing import Any

import pytest

from stream.batching.app import BatchApp
from stream.batching.producer import Outgoing
from stream.batching.stores.memory import MemoryStore
from stream.batching.table import BatchTable


class FakeWriter:
    """Appends to a list; `meanwhile` runs while the broker takes its time."""

    def __init__(self) -> None:
        self.written: list[Outgoing] = []
        self.meanwhile: Any = lambda: None

    async def append(self, topic: str, partition: int, records: Iterable[Outgoing]) -> int | None:
        self.written += records
        self.meanwhile()
        return len(self.written) - 1 if self.written else None


class Stores:
    """Opens memory stores and keeps them in sight."""

    def __init__(self) -> None:
        self.opened: list[tuple[int, str, MemoryStore]] = []

    def open(self, table: str, partition: int, changelog: str) -> MemoryStore:
        self.opened.append((partition, changelog, MemoryStore()))
        return self.opened[-1][2]


@pytest.fixture
def stores() -> Stores:
    return Stores()


@pytest.fixture
async def table(stores: Stores) -> BatchTable:
    app = BatchApp("table", fetch_wait_ms=1, batch_max_records=1, broker="kafka://127.0.0.1:1")
    made: BatchTable = app.Table(
        "memories", key_type=bytes, value_type=bytes, partitions=4, open_store=stores.open
    )
    return made


async def test_changes_are_seen_at_once_and_in_their_partition_only(table: BatchTable) -> None:
    table.hold([0, 1], "id")
    table.apply(0, {b"a": b"1"})

    assert table.reader(0)(b"a") == b"1"
    assert table.reader(1)(b"a") is None
    assert table.reader(2)(b"a") is None, "a partition that is not held"


async def test_a_partition_that_leaves_frees_its_memories(table: BatchTable, stores: Stores) -> None:
    table.hold([0, 1], "id")
    table.apply(0, {b"a": b"1"})
    table.apply(1, {b"b": b"1"})

    held = table.hold([1, 2], "id")

    assert held.keys() == {1, 2}
    assert [len(store) for _, _, store in stores.opened] == [0, 1, 0]
    assert table.reader(0)(b"a") is None


async def test_all_memories_go_when_the_changelog_is_another(table: BatchTable, stores: Stores) -> None:
    table.hold([0], "id")
    table.apply(0, {b"a": b"1"})

    table.hold([0], "made again")

    assert table.reader(0)(b"a") is None
    assert [changelog for _, changelog, _ in stores.opened] == ["id", "made again"]


async def test_our_own_writes_need_no_recovery(table: BatchTable) -> None:
    store, writer = table.hold([0], "id")[0], FakeWriter()
    table.mark_recovered()

    await table.persist(writer, 0, {b"a": b"1", b"b": b"2"})

    assert [record.key for record in writer.written] == [b"a", b"b"]
    assert store.position == 2


async def test_a_write_during_recovery_leaves_the_position_to_it(table: BatchTable) -> None:
    store = table.hold([0], "id")[0]

    await table.persist(FakeWriter(), 0, {b"a": b"1"})

    assert store.position == 0


async def test_a_write_that_ends_after_its_partition_left_is_forgotten(table: BatchTable) -> None:
    table.hold([0], "id")
    table.mark_recovered()
    writer = FakeWriter()
    writer.meanwhile = lambda: (table.hold([], "id"), table.hold([0], "id"), table.mark_recovered())

    await table.persist(writer, 0, {b"a": b"1"})

    assert table.hold([0], "id")[0].position == 0
