"""One suite for both stores: what a reader sees is what a plain dictionary would hold, crashes included."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest
from aiokafka.structs import ConsumerRecord
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.batching.stores import Store
from stream.batching.stores.memory import MemoryStore
from stream.batching.stores.rocks import RocksStores
from stream.errors import StoreError

KEYS = [b"account/%d" % number for number in range(6)]
changes = st.dictionaries(st.sampled_from(KEYS), st.binary(max_size=3), min_size=1)
steps = st.one_of(changes, st.sampled_from(["persist", "persist", "recovered", "crash"]))


def record(offset: int, key: bytes, value: bytes | None) -> ConsumerRecord:
    return ConsumerRecord("changelog", 0, offset, 0, 0, key, value, None, 0, 0, ())


class Machine(Protocol):
    """Opens a store, and what is left of it after a power cut."""

    def open(self) -> Store: ...

    def after_power_cut(self, store: Store) -> Store: ...


class MemoryMachine:
    def open(self) -> Store:
        return MemoryStore()

    def after_power_cut(self, store: Store) -> Store:
        return MemoryStore()


class RocksMachine:
    """A power cut leaves what the open database has on its disk, which a copy shows."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._numbers = count()

    def open(self) -> Store:
        self._directory = self._scratch / str(next(self._numbers))
        return RocksStores(self._directory).open("memories", 0, "id")

    def after_power_cut(self, store: Store) -> Store:
        left = self._directory
        shutil.copytree(left, self._scratch / "left")
        store.close()
        self._directory = self._scratch / str(next(self._numbers))
        (self._scratch / "left").rename(self._directory)
        return RocksStores(self._directory).open("memories", 0, "id")


@contextmanager
def memory_machine() -> Iterator[Machine]:
    yield MemoryMachine()


@contextmanager
def rocks_machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory() as scratch:
        yield RocksMachine(Path(scratch))


class Model:
    """The changelog, what is on its way there, and the store that has to follow."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.store = machine.open()
        self.changelog: list[tuple[bytes, bytes]] = []
        self.under_way: list[dict[bytes, bytes]] = []

    def take(self, step: dict[bytes, bytes] | str) -> None:
        if isinstance(step, dict):
            self.store.apply(step)
            self.under_way.append(step)
        elif step == "persist" and self.under_way:
            persisted = self.under_way.pop(0)
            self.changelog += persisted.items()
            self.store.persisted(persisted, len(self.changelog))
        elif step == "recovered":
            self.store.recovered()
        elif step == "crash":
            self.under_way.clear()
            self.store = self.machine.after_power_cut(self.store)
            assert self.store.position <= len(self.changelog)
            missing = list(enumerate(self.changelog))[self.store.position :]
            self.store.recover(
                [record(offset, key, value) for offset, (key, value) in missing], len(self.changelog)
            )

    def expected(self) -> dict[bytes, bytes]:
        newest = dict(self.changelog)
        for each in self.under_way:
            newest |= each
        return newest


@pytest.mark.parametrize("opening", [memory_machine, rocks_machine])
def test_reads_equal_a_dictionary_whatever_happens(opening: Callable[[], AbstractContextManager[Machine]]) -> None:
    @settings(max_examples=15, deadline=None)
    @given(st.lists(steps, max_size=12), st.lists(st.sampled_from(KEYS), max_size=4))
    def run(taken: list[dict[bytes, bytes] | str], announced: Sequence[bytes]) -> None:
        with opening() as machine:
            model = Model(machine)
            for step in taken:
                model.take(step)
                read = model.store.reader(announced)
                assert {key: read(key) for key in KEYS} == {key: model.expected().get(key) for key in KEYS}
            model.store.close()

    run()


@pytest.fixture
def rocks(tmp_path: Path) -> RocksStores:
    return RocksStores(tmp_path / "stores")


def test_a_value_that_comes_back_stays_visible_while_it_is_under_way(rocks: RocksStores) -> None:
    """The same bytes, even the same object, may be written twice with another value in between."""
    store = rocks.open("memories", 0, "id")
    under_way = [{b"a": b"1"}, {b"a": b"2"}, {b"a": b"1"}]
    for each in under_way:
        store.apply(each)
    for end, each in enumerate(under_way, start=1):
        store.persisted(each, end)
        assert store.reader()(b"a") == b"1"


def test_a_tombstone_deletes(rocks: RocksStores) -> None:
    for store in (MemoryStore(), rocks.open("memories", 0, "id")):
        store.recover([record(0, b"a", b"1"), record(1, b"b", b"2"), record(5, b"a", None)], 6)

        assert (store.reader()(b"a"), store.reader()(b"b"), store.position) == (None, b"2", 6)


def test_changes_of_unknown_place_leave_the_position(rocks: RocksStores) -> None:
    """While a recovery is under way, what lies between its position and a write is not known."""
    for store in (MemoryStore(), rocks.open("memories", 0, "id")):
        store.recover([], 3)
        store.apply({b"a": b"1"})
        store.persisted({b"a": b"1"}, None)

        assert (store.reader()(b"a"), store.position) == (b"1", 3)


def test_a_cleared_store_is_empty_and_starts_anew(rocks: RocksStores) -> None:
    for store in (MemoryStore(), rocks.open("memories", 0, "id")):
        store.recover([record(8, b"a", b"1")], 9)
        store.clear()

        assert (store.reader()(b"a"), store.position) == (None, 0)


def test_a_database_goes_on_where_it_was_closed(rocks: RocksStores) -> None:
    before = rocks.open("memories", 3, "id")
    before.recover([record(6, b"a", b"1")], 7)
    before.apply({b"a": b"never persisted"})
    before.close()

    after = rocks.open("memories", 3, "id")

    assert (after.reader()(b"a"), after.position) == (b"1", 7)


def test_a_database_of_another_changelog_is_thrown_away(rocks: RocksStores) -> None:
    before = rocks.open("memories", 0, "id")
    before.recover([record(0, b"a", b"1")], 1)
    before.close()

    after = rocks.open("memories", 0, "the topic was deleted and made again")

    assert (after.reader()(b"a"), after.position) == (None, 0)


def _garble(path: Path) -> None:
    path.write_bytes(b"\x00 garbled")


@pytest.mark.parametrize("damage", [_garble, Path.unlink], ids=["garbled", "deleted"])
@pytest.mark.parametrize("file", ["CURRENT", "MANIFEST-*", "*.sst"])
def test_a_damaged_database_is_thrown_away(
    rocks: RocksStores, tmp_path: Path, file: str, damage: Callable[[Path], object]
) -> None:
    before = rocks.open("memories", 0, "id")
    before.recover([record(0, b"a", b"1")], 1)
    before.close()
    for found in (tmp_path / "stores" / "memories" / "0").glob(file):
        damage(found)

    after = rocks.open("memories", 0, "id")

    assert (after.reader()(b"a"), after.position) == (None, 0)


def test_damage_found_while_reading_ends_the_work_and_the_database(rocks: RocksStores, tmp_path: Path) -> None:
    before = rocks.open("memories", 0, "id")
    before.recover([record(n, b"%06d" % n, b"%0500d" % n) for n in range(2000)], 2000)
    before.close()
    for found in (tmp_path / "stores" / "memories" / "0").glob("*.sst"):
        data = bytearray(found.read_bytes())
        data[2_000:4_000] = bytes(2_000)
        found.write_bytes(data)
    damaged = rocks.open("memories", 0, "id")
    with pytest.raises(StoreError, match=r"cannot be read .*nothing is lost"):
        damaged.reader([b"%06d" % n for n in range(2000)])
    damaged.close()

    assert rocks.open("memories", 0, "id").position == 0


def test_two_workers_cannot_share_a_directory(rocks: RocksStores, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"another worker uses .*RISKSTREAM_STORE_DIR of its own"):
        RocksStores(tmp_path / "stores")


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"file.* cannot hold a database"):
        RocksStores(tmp_path / "file")
    (tmp_path / "stores").mkdir()
    (tmp_path / "stores" / "memories").write_text("in the way")
    with pytest.raises(StoreError, match=r"memories.* cannot hold a database"):
        RocksStores(tmp_path / "stores").open("memories", 0, "id")
