"""A batch is cut into steps that a transaction can hold, and nothing is lost or put out of order by it."""

from itertools import chain, pairwise

from hypothesis import given
from hypothesis import strategies as st

from serving.aws_lambda.cutting import cut, runs_of

touched = st.lists(st.sets(st.integers(0, 30), max_size=2), max_size=60)


@given(touched, st.integers(2, 12))
def test_every_record_is_in_one_step_in_order(items: list[set[int]], limit: int) -> None:
    assert list(chain.from_iterable(cut(items, limit))) == list(range(len(items)))


@given(touched, st.integers(2, 12))
def test_a_step_changes_no_more_items_than_it_may_and_is_as_long_as_it_can_be(
    items: list[set[int]], limit: int
) -> None:
    steps = cut(items, limit)
    changed = [set().union(*items[step.start : step.stop]) for step in steps]
    assert all(len(each) <= limit for each in changed)
    for (its, _), (_, after) in pairwise(zip(changed, steps, strict=True)):
        assert len(its | items[after.start]) > limit


def test_a_record_that_changes_more_than_it_may_stands_alone() -> None:
    assert cut([{1}, {2, 3}, {1}], limit=1) == [range(0, 1), range(1, 2), range(2, 3)]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40).map(sorted), st.data())
def test_runs_end_where_hours_close(edges: list[int], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(edges) - 1))
    step = range(start, data.draw(st.integers(start + 1, len(edges))))
    runs = list(runs_of(step, edges))
    assert list(chain.from_iterable(runs)) == list(step)
    assert all(len({edges[place] for place in run}) == 1 for run in runs)
    assert all(edges[one.start] < edges[two.start] for one, two in pairwise(runs))
