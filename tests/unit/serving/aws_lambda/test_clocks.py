"""The clocks of a stream's shards, through splits and merges."""

from hypothesis import given
from hypothesis import strategies as st

from serving.aws_lambda.clocks import Clocks, ListedShard, decode_clocks, encode_clocks


def listed(*names: str, closed: str = "", parents: dict[str, tuple[str, ...]] | None = None) -> list[ListedShard]:
    return [ListedShard(name, (parents or {}).get(name, ()), name not in closed) for name in names]


def test_the_first_shard_waits_for_all_that_are_open() -> None:
    clocks = Clocks().begun("b", listed("a", "b", "c", closed="a"))
    assert clocks.live == {"b": 0, "c": 0}
    assert clocks.moved("b", 7).edge == 0
    assert clocks.moved("b", 7).moved("c", 5).edge == 5


def test_a_clock_never_runs_backwards() -> None:
    assert Clocks({"a": 5}).moved("a", 3).live == {"a": 5}


def test_both_children_of_a_split_go_on_where_their_parent_ended() -> None:
    """The sibling counts from then on, though nothing of it has come yet."""
    shards = listed("a", "b", "c", "d", closed="a", parents={"c": ("a",), "d": ("a",)})
    clocks = Clocks({"a": 9, "b": 8}).begun("d", shards)
    assert clocks.live == {"b": 8, "c": 9, "d": 9}
    assert clocks.ended == ("a",)
    assert set(clocks.shards) == {"a", "b", "c", "d"}


def test_the_child_of_a_merge_goes_on_at_the_later_hour() -> None:
    """A payment of it must not count in an hour that one of its parents had closed."""
    shards = listed("a", "b", "c", closed="ab", parents={"c": ("a", "b")})
    clocks = Clocks({"a": 9, "b": 4}).begun("c", shards)
    assert clocks == Clocks({"c": 9}, ("a", "b"))


def test_a_child_whose_parents_were_never_met_begins_like_any_other() -> None:
    shards = listed("b", "c", parents={"c": ("a",)})
    assert Clocks({"b": 6}).begun("c", shards).live == {"b": 6, "c": 0}


@given(st.dictionaries(st.text(), st.integers(0, 10**6)), st.lists(st.text()))
def test_they_survive_being_kept(live: dict[str, int], ended: list[str]) -> None:
    clocks = Clocks(live, tuple(ended))
    assert decode_clocks(encode_clocks(clocks)) == clocks
