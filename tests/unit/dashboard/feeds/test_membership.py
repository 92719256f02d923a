import struct

from hypothesis import given
from hypothesis import strategies as st

from dashboard.feeds.membership import assigned_partitions

topics = st.dictionaries(st.text(max_size=20), st.lists(st.integers(0, 999), max_size=5), max_size=4)


@given(topics, st.binary(max_size=8), st.text(max_size=20))
def test_partitions_of_a_topic_are_counted_whatever_else_is_assigned(assigned, more, wanted):
    data = struct.pack(">hi", 4, len(assigned))
    for name, partitions in assigned.items():
        encoded = name.encode()
        data += struct.pack(">h", len(encoded)) + encoded
        data += struct.pack(f">i{len(partitions)}i", len(partitions), *partitions)
    for name in (wanted, *assigned):
        assert assigned_partitions(data + more, name) == len(assigned.get(name, ()))


@given(st.binary(max_size=64))
def test_bytes_of_something_else_are_unknown_or_a_number(data):
    found = assigned_partitions(data, "transactions.enriched")
    assert found is None or isinstance(found, int)
