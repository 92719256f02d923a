"""Which shards are read, by whom and from where, follows from the listing and the checkpoints alone."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.kinesis.shards import WHOLE, Checkpoint, Shard, Share, Start, expired, readable, shard_number, start_of

ENDED = Checkpoint("9", ended=True)


def shard(number: int, *parents: int) -> Shard:
    return Shard(name(number), tuple(map(name, parents)))


def name(number: int) -> str:
    return f"shardId-{number:012}"


FAMILY = [shard(0), shard(1), shard(2, 0), shard(3, 0), shard(4, 3, 1)]
"""0 is split into 2 and 3; 3 and 1 are merged into 4."""


def numbers(checkpoints: dict[str, Checkpoint], share: Share = WHOLE) -> list[int]:
    return [shard_number(each.id) for each in readable(FAMILY, checkpoints, share)]


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ([], [0, 1]),
        ([0], [1, 2, 3]),
        ([0, 3], [1, 2]),
        ([0, 1], [2, 3]),
        ([0, 1, 3], [2, 4]),
        ([0, 1, 2, 3, 4], []),
    ],
)
def test_a_child_waits_for_all_its_parents(ended: list[int], expected: list[int]) -> None:
    assert numbers({name(each): ENDED for each in ended}) == expected


def test_a_parent_that_is_only_begun_keeps_its_children_waiting() -> None:
    assert numbers({name(0): Checkpoint("5")}) == [0, 1]


def test_parents_whose_records_have_all_expired_are_not_waited_for() -> None:
    assert readable([shard(7, 3)], {}) == [shard(7, 3)]


def test_an_adapter_waits_for_parents_of_others() -> None:
    assert numbers({}, Share(0, 2)) == [0]
    assert numbers({name(0): ENDED, name(3): ENDED}, Share(0, 2)) == [2]
    assert numbers({name(each): ENDED for each in (0, 1, 3)}, Share(0, 2)) == [2, 4]


@given(st.integers(0, 10**12 - 1), st.integers(1, 50))
def test_every_shard_has_one_owner(number: int, count: int) -> None:
    assert sum(Share(index, count).owns(name(number)) for index in range(count)) == 1


def test_reading_begins_behind_the_checkpoint() -> None:
    assert start_of(shard(0), {name(0): Checkpoint("5", since_ms=3)}, 99) == Start("after", 3, "5")


def test_reading_that_found_nothing_yet_begins_where_it_began() -> None:
    assert start_of(shard(0), {name(0): Checkpoint(since_ms=3)}, 99) == Start("time", 3)


def test_a_child_begins_where_its_parents_began() -> None:
    since_three, oldest = Checkpoint("5", ended=True, since_ms=3), Checkpoint("5", ended=True)
    assert start_of(shard(2, 0), {name(0): since_three}, 99) == Start("time", 3)
    assert start_of(shard(2, 0), {name(0): oldest}, 99) == Start("trim-horizon")
    assert start_of(shard(4, 3, 1), {name(3): since_three, name(1): oldest}, 99) == Start("trim-horizon")


def test_without_a_checkpoint_the_command_line_decides() -> None:
    assert start_of(shard(0), {}, None) == Start("trim-horizon")
    assert start_of(shard(2, 0), {}, 99) == Start("time", 99)


def test_what_expired_unread_is_named_for_ones_own_open_shards() -> None:
    checkpoints = {
        name(0): Checkpoint("5", complete_ms=1_000),
        name(1): Checkpoint("5", complete_ms=1_000),
        name(2): Checkpoint("5", complete_ms=9_000),
        name(4): Checkpoint("5", ended=True, complete_ms=1_000),
        name(6): Checkpoint("5", complete_ms=9_000),
        name(8): Checkpoint(),
        name(10): Checkpoint(),
    }
    told = expired([shard(each) for each in (0, 1, 2, 4, 8)], checkpoints, Share(0, 2), 5_000)

    assert sorted(map(shard_number, told)) == [0, 6, 10]
    assert "1970-01-01T00:00:01Z, and what arrived until 1970-01-01T00:00:05Z is deleted" in told[name(0)]
    assert told[name(6)].endswith("and the shard is no more")
    assert told[name(10)] == f"{name(10)}: nothing was passed on, and the shard is no more"


@dataclass
class Stream:
    """Shards that split and merge, and an account's records in those that held its key in turn."""

    shards: list[Shard] = field(default_factory=lambda: [shard(0), shard(1)])
    open: list[int] = field(default_factory=lambda: [0, 1])

    def split(self, position: int) -> None:
        parent = self.open[position % len(self.open)]
        at = self.open.index(parent)
        self.open[at : at + 1] = [self._add(parent), self._add(parent)]

    def merge(self, position: int) -> None:
        if len(self.open) > 1:
            at = position % (len(self.open) - 1)
            self.open[at : at + 2] = [self._add(*self.open[at : at + 2])]

    def _add(self, *parents: int) -> int:
        self.shards.append(shard(len(self.shards), *parents))
        return len(self.shards) - 1


@given(
    changes=st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=12),
    count=st.integers(1, 3),
    data=st.data(),
)
def test_whatever_splits_and_merges_all_shards_are_read_once_and_after_their_parents(changes, count, data) -> None:
    stream = Stream()
    for splits, position in changes:
        (stream.split if splits else stream.merge)(position)
    done: list[str] = []
    checkpoints: dict[str, Checkpoint] = {}
    while now := [
        each for index in range(count) for each in readable(stream.shards, checkpoints, Share(index, count))
    ]:
        chosen = data.draw(st.sampled_from(now))
        assert chosen.id not in done
        assert set(chosen.parents) <= set(done)
        done.append(chosen.id)
        checkpoints[chosen.id] = ENDED

    assert sorted(done) == [each.id for each in stream.shards]
