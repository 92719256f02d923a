"""What a dead letter holds."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.decoding import Rejection
from sinks.dead_letters import (
    MAX_LETTER_BYTES,
    DeadLetter,
    SourcePosition,
    dead_letter,
    internal_error,
    original_headers,
    read_cause,
)

SOURCE = SourcePosition("transactions", 3, 1042)
INVALID = Rejection("INVALID_FIELD", "latitude is the number 200", "latitude")


def size(letter: DeadLetter) -> int:
    headers = sum(len(name.encode()) + len(value) for name, value in letter.headers)
    return len(letter.key or b"") + len(letter.value or b"") + headers


def test_a_letter_holds_the_original_bytes_and_key_with_reason_and_position():
    letter = dead_letter(b'{"latitude": 200}', INVALID, SOURCE, key=b"ACC-0042")

    assert (letter.key, letter.value) == (b"ACC-0042", b'{"latitude": 200}')
    assert letter.headers == [
        ("reason", b"INVALID_FIELD"),
        ("message", b"latitude is the number 200"),
        ("field", b"latitude"),
        ("source-topic", b"transactions"),
        ("source-partition", b"3"),
        ("source-offset", b"1042"),
    ]


def test_a_rejection_without_a_field_has_no_header_for_it():
    assert "field" not in dict(dead_letter(b"{", Rejection("MALFORMED_JSON", "cut off"), SOURCE).headers)


@pytest.mark.parametrize("value", [None, b""])
def test_a_missing_value_stays_apart_from_an_empty_one(value):
    assert dead_letter(value, INVALID, SOURCE).value == value


def test_a_giant_is_cut_and_says_so():
    giant = b"x" * 10_000_000

    letter = dead_letter(giant, Rejection("TOO_LARGE", "too large"), SOURCE, key=b"k")
    headers = dict(letter.headers)

    assert giant.startswith(letter.value)
    assert len(letter.value) > 990_000
    assert headers["truncated"] == b"1"
    assert headers["length"] == b"10000000"
    assert headers["sha256"].decode() == hashlib.sha256(giant).hexdigest()


def test_a_giant_key_is_dropped_and_the_letter_counts_as_cut():
    letter = dead_letter(b"{}", INVALID, SOURCE, key=b"k" * 100_000)

    assert (letter.key, letter.value) == (None, b"{}")
    assert read_cause(letter.headers).truncated


@given(
    length=st.integers(0, 3000),
    key=st.none() | st.binary(max_size=50),
    message=st.text(max_size=200),
    own=st.booleans(),
)
@settings(max_examples=60)
def test_no_letter_is_larger_than_its_limit_and_none_is_cut_without_need(length, key, message, own):
    value = b"v" * length
    headers = [("backfill", b"1")] if own else []

    letter = dead_letter(value, Rejection("TOO_LARGE", message), SOURCE, key, headers, limit=2000)

    assert size(letter) <= 2000
    assert letter.key == key
    cut = read_cause(letter.headers).truncated
    assert cut == (letter.value != value)
    assert not cut or length + size(letter._replace(value=None)) > 2000 - 600


def test_the_default_limit_leaves_room_under_a_topics_one_mebibyte():
    letter = dead_letter(b"x" * 2_000_000, INVALID, SOURCE, key=b"k" * 60_000, headers=[("h", b"x" * 16_000)])

    assert MAX_LETTER_BYTES - 500 < size(letter) <= MAX_LETTER_BYTES


def test_the_records_own_headers_are_kept_under_a_prefix():
    letter = dead_letter(b"{", INVALID, SOURCE, headers=[("backfill", b"1"), ("reason", None)])

    assert ("original-backfill", b"1") in letter.headers
    assert original_headers(letter.headers) == [("backfill", b"1"), ("reason", b"")]
    assert read_cause(letter.headers).reason == "INVALID_FIELD"


def test_headers_beyond_their_bound_are_left_out():
    headers = [("first", b"1"), *((f"h{n}", b"x" * 1000) for n in range(40))]

    kept = original_headers(dead_letter(b"{", INVALID, SOURCE, headers=headers).headers)

    assert kept[0] == ("first", b"1")
    assert len(kept) == 16


def test_an_internal_error_carries_its_traceback_and_keeps_its_text_out_of_the_message():
    trace = "Traceback (most recent call last):\n  ...\nKeyError: 'ACC-0042'"

    rejection = internal_error("assess", trace)
    headers = dict(dead_letter(b"{}", rejection, SOURCE).headers)

    assert headers["traceback"].decode() == trace
    assert headers["message"].startswith(b"assess failed on this record with a KeyError, which is a fault")
    assert b"ACC-0042" not in headers["message"]


def test_a_long_traceback_keeps_its_end():
    headers = dict(dead_letter(b"{}", internal_error("assess", "é" * 10_000 + "the end"), SOURCE).headers)

    assert len(headers["traceback"]) <= 8 * 1024
    assert headers["traceback"].decode().endswith("éthe end")


def test_a_letter_reads_back_as_it_was_written():
    cause = read_cause(dead_letter(b"x" * 2000, INVALID, SOURCE, limit=1000).headers)

    assert (cause.reason, cause.field, cause.message) == ("INVALID_FIELD", "latitude", INVALID.message)
    assert (cause.source, cause.truncated, cause.length) == (SOURCE, True, 2000)
    assert str(cause.source) == "transactions-3-1042"


@pytest.mark.parametrize("headers", [None, [], [("source-offset", b"x"), ("length", b"\xff"), ("message", None)]])
def test_a_record_that_is_no_letter_of_ours_reads_as_unknown(headers):
    cause = read_cause(headers)

    assert (cause.reason, cause.message, cause.source, cause.truncated) == ("UNKNOWN", "", None, False)
