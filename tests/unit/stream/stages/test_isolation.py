"""A stage that raises on one record costs that record and no other."""

import pytest

from detectors.assess import Outcome
from detectors.errors import MemoryFormatError
from stream.stages.isolation import assess_isolating


def counting(poison):
    """Return an assess function that counts payments per account and raises on the poisoned ones."""

    def work(batch, read):
        memories = {}
        for item in batch:
            if item in poison:
                raise ValueError(f"cannot digest {item}")
            key = item[:1].encode()
            count = int(memories.get(key) or read(key) or b"0")
            memories[key] = b"%d" % (count + 1)
        return Outcome([(i, item) for i, item in enumerate(batch)], [], 0, [], memories)

    return work


def test_a_batch_that_goes_well_is_one_part():
    parts = assess_isolating(["a1", "b1", "a2"], {}.get, counting(set()))
    assert [part.start for part in parts] == [0]
    assert parts[0].outcome.memories == {b"a": b"2", b"b": b"1"}


@pytest.mark.parametrize("poison", [{"a1"}, {"a4"}, {"b2", "a2"}, {"a1", "a2", "b1", "b2", "a3", "b3", "a4"}])
def test_only_the_failing_records_are_left_out(poison):
    batch = ["a1", "a2", "b1", "b2", "a3", "b3", "a4"]
    stored = {}
    for part in assess_isolating(batch, stored.get, counting(poison)):
        if part.outcome is None:
            assert batch[part.start] in poison
            assert f"cannot digest {batch[part.start]}" in part.failure
        else:
            stored.update(part.outcome.memories)
    good = [item for item in batch if item not in poison]
    expected = {name.encode(): b"%d" % sum(i[0] == name for i in good) for name in {i[0] for i in good}}
    assert stored == expected


def test_parts_come_in_the_order_of_the_batch():
    batch = [f"a{i}" for i in range(9)]
    parts = assess_isolating(batch, {}.get, counting({"a3", "a7"}))
    assert [part.start for part in parts] == sorted(part.start for part in parts)


def test_a_memory_that_cannot_be_read_is_no_records_fault():
    """A worker of another version must stop, not dead-letter every payment of every account."""

    def work(batch, read):
        raise MemoryFormatError("written by another version")

    with pytest.raises(MemoryFormatError, match="another version"):
        assess_isolating(["a1", "b1"], {}.get, work)
