import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stream.head import Guard, Head, decode_head, encode_head
from stream.headers import ORIGIN, Origin, parse_origin

upstreams = st.dictionaries(
    st.sampled_from(["transactions/0", "transactions@q8Jn/1", "kinesis:payments@1767225600000/12"]),
    st.integers(-1, 2**63 - 1) | st.integers(2**63 - 2, 2**190),
)


@given(next_offset=st.integers(0, 2**60), upstream=upstreams, version=st.text(max_size=12), log_id=st.text())
def test_a_head_survives_its_encoding(next_offset, upstream, version, log_id):
    head = Head(next_offset, upstream, version, log_id)
    assert decode_head(encode_head(head)) == head


def test_a_head_written_before_logs_had_ids_is_still_read():
    written = msgspec.msgpack.encode((80, {"transactions/5": 1079}, "b"))
    assert decode_head(written) == Head(80, {"transactions/5": 1079}, "b", log_id="")


@given(upstream=st.dictionaries(st.text(), st.integers(-1, 2**63 - 1)))
def test_a_head_without_sequence_numbers_is_written_as_ever(upstream):
    before = msgspec.msgpack.encode((80, upstream, "b", "q8Jn"), order="deterministic")
    assert encode_head(Head(80, upstream, "b", "q8Jn")) == before


def test_a_sequence_number_of_kinesis_is_a_position_like_any_other():
    sequence = 49590338271490256608559692538361571095921575989136588898
    guard = Guard(decode_head(encode_head(Head(upstream={"kinesis:payments@1767225600000/12": sequence}))))
    assert not guard.admit(0, Origin("kinesis:payments@1767225600000", 12, sequence))
    assert guard.admit(1, Origin("kinesis:payments@1767225600000", 12, sequence + 1))


def test_a_worker_of_before_reads_the_heads_of_now():
    class Before(msgspec.Struct, array_like=True):
        next_offset: int
        upstream: dict[str, int]
        bundle_version: str

    read = msgspec.msgpack.decode(encode_head(Head(80, {}, "b", "q8Jn")), type=Before)
    assert (read.next_offset, read.bundle_version) == (80, "b")


def test_a_partition_without_memories_has_an_empty_head():
    assert decode_head(None) == Head()


def test_a_record_before_the_head_is_skipped_and_counted():
    guard = Guard(Head(next_offset=10))
    assert not guard.admit(9, None)
    assert guard.admit(10, None)
    assert guard.skipped == 1
    assert guard.head("b").next_offset == 11


def test_the_head_takes_on_the_id_of_its_log_and_keeps_it_where_none_is_given():
    assert Guard(Head(), "q8Jn").head("b").log_id == "q8Jn"
    assert Guard(Head(log_id="q8Jn")).head("b").log_id == "q8Jn"


def test_a_record_made_again_from_the_same_origin_is_skipped_at_its_new_offset():
    """A crash between produce and commit makes the first stage send the same payment again, further on."""
    guard = Guard(Head())
    origin = Origin("transactions", 3, 42)
    assert guard.admit(0, origin)
    assert not guard.admit(1, origin)
    assert guard.head("b") == Head(2, {"transactions/3": 42}, "b")


def test_a_topic_made_anew_is_another_source_whose_positions_count_from_the_beginning():
    guard = Guard(Head(upstream={"transactions@old/3": 42}))
    assert guard.admit(0, Origin("transactions@new", 3, 0))
    assert not guard.admit(1, Origin("transactions@old", 3, 42))
    assert guard.head("b").upstream == {"transactions@old/3": 42, "transactions@new/3": 0}


def test_what_a_head_knew_by_name_alone_goes_on_under_the_id():
    """Records that an older worker had enriched and not committed come again with an id in their origin."""
    guard = Guard(Head(upstream={"transactions/3": 42}))
    assert not guard.admit(0, Origin("transactions@q8Jn", 3, 42))
    assert guard.admit(1, Origin("transactions@q8Jn", 3, 43))
    assert guard.head("b").upstream == {"transactions@q8Jn/3": 43}


def test_an_origin_survives_its_header():
    for source in ("stream/with/slashes", "transactions@q8Jn0zSWTGu9y4Xr1oTtDw", "kinesis:payments@1767225600000"):
        origin = Origin(source, 7, 2**186)
        assert parse_origin([("other", b"x"), (ORIGIN, origin.encode())]) == origin
    assert parse_origin([]) is None
