from hypothesis import given
from hypothesis import strategies as st

from stream.batching.offsets import OffsetRanges


def test_nothing_is_committable_before_the_first_batch_is_finished():
    ranges = OffsetRanges()
    ranges.seek(10)
    ranges.deliver(10, 14)
    assert ranges.committable() is None


def test_a_later_batch_waits_for_the_one_before_it():
    ranges = OffsetRanges()
    first, second = ranges.deliver(0, 4), ranges.deliver(5, 9)
    ranges.finish(*second)
    assert ranges.committable() is None
    ranges.finish(*first)
    assert ranges.committable() == 10


def test_holes_left_by_compaction_belong_to_the_batch_after_them():
    ranges = OffsetRanges()
    ranges.seek(3)
    first = ranges.deliver(7, 9)
    assert first == (3, 10)
    second = ranges.deliver(15, 15)
    ranges.finish(*first)
    ranges.finish(*second)
    assert ranges.committable() == 16


def test_a_batch_delivered_before_a_seek_no_longer_counts():
    ranges = OffsetRanges()
    stale = ranges.deliver(0, 4)
    ranges.seek(50)
    ranges.deliver(50, 54)
    assert not ranges.finish(*stale)
    assert ranges.committable() is None


def test_ranges_behind_one_that_is_held_are_remembered_as_one():
    ranges = OffsetRanges()
    held, *others = [ranges.deliver(n, n) for n in range(100)]
    for each in (*others[::2], *others[1::2]):
        ranges.finish(*each)
    assert ranges._finished == [(1, 100)]
    ranges.finish(*held)
    assert ranges.committable() == 100


def test_what_is_finished_is_offered_until_the_group_has_it():
    """A commit may fail, and Faust says nothing of that."""
    ranges = OffsetRanges()
    ranges.seek(0)
    ranges.finish(*ranges.deliver(0, 4))
    assert [ranges.committable(), ranges.committable()] == [5, 5]
    ranges.commit(5)
    assert ranges.committable() is None


def test_a_commit_from_before_a_seek_means_nothing():
    ranges = OffsetRanges()
    ranges.seek(5)
    ranges.commit(10)
    ranges.finish(*ranges.deliver(5, 9))
    assert ranges.committable() == 10


def test_nothing_is_committed_below_what_the_group_has():
    """Records came again from before the commit."""
    ranges = OffsetRanges()
    ranges.seek(5)
    ranges.finish(*ranges.deliver(0, 2))
    assert ranges.committable() is None
    ranges.finish(*ranges.deliver(3, 9))
    assert ranges.committable() == 10


def test_what_was_lost_comes_again_and_what_was_finished_behind_it_counts():
    ranges = OffsetRanges()
    ranges.seek(0)
    ranges.deliver(0, 4)
    ranges.finish(*ranges.deliver(5, 9))
    assert ranges.rewind() == 0
    assert ranges.expected == 0
    ranges.finish(*ranges.deliver(0, 4))
    assert ranges.committable() == 10


@given(
    sizes=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=12),
    order=st.randoms(use_true_random=False),
)
def test_what_is_committable_is_exactly_the_finished_prefix(sizes, order):
    """Batches of any size, with holes between them, finished in any order: no offset is committed too early."""
    ranges = OffsetRanges()
    batches, position = [], 0
    for hole, size in sizes:
        batches.append(ranges.deliver(position + hole, position + hole + size - 1))
        position += hole + size
    waiting = list(range(len(batches)))
    order.shuffle(waiting)
    finished, committed = set(), batches[0][0]
    for index in waiting:
        assert ranges.finish(*batches[index])
        finished.add(index)
        offset = ranges.committable()
        committed = committed if offset is None else offset
        prefix = next((i for i in range(len(batches)) if i not in finished), len(batches))
        assert committed == (batches[prefix][0] if prefix < len(batches) else batches[-1][1])
