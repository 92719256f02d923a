from collections import OrderedDict

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.ring import meet


@given(st.lists(st.sampled_from([b"aa", b"ab", b"ba", b"bb", b"bc"]), max_size=30))
@settings(max_examples=25, deadline=None)
def test_a_ring_recognises_the_latest_distinct_entries(entries: list[bytes]) -> None:
    ring = b""
    known: OrderedDict[bytes, None] = OrderedDict()
    for entry in entries:
        new, ring = meet(ring, entry, 3)
        if known:
            assert new == (entry not in known)
        else:
            assert new != new, "nothing to compare with is missing, not new"
        known[entry] = None
        known.move_to_end(entry)
        if len(known) > 3:
            known.popitem(last=False)
        assert ring == b"".join(known)
