from hypothesis import given
from hypothesis import strategies as st

from stream.head import Guard, Head, decode_head, encode_head
from stream.headers import ORIGIN, Origin, parse_origin

upstreams = st.dictionaries(
    st.sampled_from(["transactions/0", "transactions/1", "kinesis/shard-0/0"]), st.integers(0, 2**63 - 1)
)


@given(next_offset=st.integers(0, 2**60), upstream=upstreams, version=st.text(max_size=12))
def test_a_head_survives_its_encoding(next_offset, upstream, version):
    head = Head(next_offset, upstream, version)
    assert decode_head(encode_head(head)) == head


def test_a_partition_without_memories_has_an_empty_head():
    assert decode_head(None) == Head()


def test_a_record_before_the_head_is_skipped_and_counted():
    guard = Guard(Head(next_offset=10))
    assert not guard.admit(9, None)
    assert guard.admit(10, None)
    assert guard.skipped == 1
    assert guard.head("b").next_offset == 11


def test_a_record_made_again_from_the_same_origin_is_skipped_at_its_new_offset():
    """A crash between produce and commit makes the first stage send the same payment again, further on."""
    guard = Guard(Head())
    origin = Origin("transactions", 3, 42)
    assert guard.admit(0, origin)
    assert not guard.admit(1, origin)
    assert guard.head("b") == Head(2, {"transactions/3": 42}, "b")


def test_an_origin_survives_its_header():
    origin = Origin("stream/with/slashes", 7, 99)
    assert parse_origin([("other", b"x"), (ORIGIN, origin.encode())]) == origin
    assert parse_origin([]) is None
