"""A stage that raises on one record costs that record and no other."""

import pytest

from detectors.assess import Outcome, Stretch
from detectors.errors import MemoryFormatError
from stream.stages.isolation import assess_isolating


def counting(poison):
    """Return an assess function that counts payments per account and raises on the poisoned ones."""

    def count(stretch):
        memories = {}
        for item in stretch.events:
            if item in poison:
                raise ValueError(f"cannot digest {item}")
            key = item[:1].encode()
            found = int(memories.get(key) or stretch.read(key) or b"0")
            memories[key] = b"%d" % (found + 1)
        return Outcome([(i, item) for i, item in enumerate(stretch.events)], [], 0, [], memories)

    return lambda stretches: [count(stretch) for stretch in stretches]


def isolate(batch, read, work):
    """Assess one stretch."""
    (parts,) = assess_isolating([Stretch(batch, read)], work)
    return parts


def test_a_batch_that_goes_well_is_one_part():
    parts = isolate(["a1", "b1", "a2"], {}.get, counting(set()))
    assert [part.start for part in parts] == [0]
    assert parts[0].outcome.memories == {b"a": b"2", b"b": b"1"}


@pytest.mark.parametrize("poison", [{"a1"}, {"a4"}, {"b2", "a2"}, {"a1", "a2", "b1", "b2", "a3", "b3", "a4"}])
def test_only_the_failing_records_are_left_out(poison):
    batch = ["a1", "a2", "b1", "b2", "a3", "b3", "a4"]
    stored = {}
    for part in isolate(batch, stored.get, counting(poison)):
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
    parts = isolate(batch, {}.get, counting({"a3", "a7"}))
    assert [part.start for part in parts] == sorted(part.start for part in parts)


def test_a_memory_that_cannot_be_read_is_no_records_fault():
    """A worker of another version must stop, not dead-letter every payment of every account."""

    def work(stretches):
        raise MemoryFormatError("written by another version")

    with pytest.raises(MemoryFormatError, match="another version"):
        isolate(["a1", "b1"], {}.get, work)


def test_a_failing_record_does_not_touch_the_stretches_beside_it():
    stretches = [Stretch(["a1", "a2"], {}.get, 0), Stretch(["b1", "b2", "b3"], {}.get, 1)]
    healthy, hurt = assess_isolating(stretches, counting({"b2"}))
    assert [part.outcome.memories for part in healthy] == [{b"a": b"2"}]
    assert [part.start for part in hurt if part.outcome is None] == [1]
    assert hurt[-1].outcome.memories == {b"b": b"2"}
