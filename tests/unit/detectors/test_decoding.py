"""Which records are transactions, and what the others are told."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.decoding import EXPECTED, Rejection, decode_transactions
from detectors.diagnosis import MAX_RECORD_BYTES
from detectors.transaction import Transaction
from tests.strategies import transactions

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)
PAYMENT = {
    "transaction_id": "tx-0001",
    "account_id": "ACC-0042",
    "merchant_id": "M-7",
    "event_time": "2024-05-01T12:00:00Z",
    "amount": 12.5,
}


def decode_one(value: bytes | None, timestamp_ms: int | None = -1) -> Transaction | Rejection:
    [result] = decode_transactions([value], [timestamp_ms])
    return result


def reject(value: bytes | None, timestamp_ms: int | None = -1) -> tuple[str, str | None, str]:
    result = decode_one(value, timestamp_ms)
    assert isinstance(result, Rejection), result
    return result.reason, result.field, result.message


def encode(**fields: object) -> bytes:
    return json.dumps(PAYMENT | fields).encode()


def without(*fields: str) -> bytes:
    return json.dumps({name: value for name, value in PAYMENT.items() if name not in fields}).encode()


@given(transactions())
@settings(max_examples=60)
def test_what_was_encoded_decodes_to_itself(transaction):
    assert decode_one(msgspec.json.encode(transaction)) == transaction


@given(st.binary(max_size=200))
@settings(max_examples=60)
def test_any_bytes_give_a_transaction_or_a_rejection(value):
    assert isinstance(decode_one(value), Transaction | Rejection)


@given(st.data())
@settings(max_examples=60)
def test_a_record_cut_anywhere_is_malformed(data):
    value = encode(location="Köln")
    cut = data.draw(st.integers(0, len(value) - 1))

    assert reject(value[:cut])[0] == "MALFORMED_JSON"


def test_results_keep_the_order_of_the_records():
    results = decode_transactions([encode(), b"{", encode(transaction_id="tx-0002")], [-1, -1, -1])

    assert [type(result) for result in results] == [Transaction, Rejection, Transaction]
    assert results[2].transaction_id == "tx-0002"


def test_values_and_timestamps_must_pair_up():
    with pytest.raises(ValueError, match="shorter"):
        decode_transactions([encode()], [])


def test_every_field_of_a_transaction_says_what_would_be_right():
    assert tuple(EXPECTED) == Transaction.__struct_fields__


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "the record has no value"),
        (b"", "the record's value is empty"),
        (b"\xff\xfe{", "byte 0xff at position 0 is not UTF-8"),
        (encode().replace(b"M-7", b"M\xe97"), "byte 0xe9 at position 73 is not UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (encode()[:-5], "the JSON breaks off at its end, after 126 bytes"),
        (encode() + b"}", "the record is not JSON: trailing characters (byte 132)"),
        (b"hello", "the record is not JSON: invalid character (byte 0)"),
        (b"[]", "the record is a list where a transaction should be"),
        (b"null", "the record is null where"),
        (b"42", "the record is a number where"),
        (b'"tx"', "the record is a text where"),
        (b"true", "the record is true where"),
        (b'{"extra": NaN}', "the record is not JSON: invalid character"),
        (b'{"extra": ' + b"[" * 100_000, "nested too deep"),
    ],
)
def test_a_record_that_is_no_json_object_is_malformed(value, message):
    reason, field, told = reject(value)

    assert (reason, field) == ("MALFORMED_JSON", None)
    assert message in told


@pytest.mark.parametrize(
    ("value", "field", "start"),
    [
        (without("amount"), "amount", "amount is missing; it must be a number"),
        (encode(amount=None), "amount", "amount is null; it must be a number"),
        (encode(event_time=None), "event_time", "event_time is null; it must be an RFC 3339 time"),
        (
            without("account_id", "amount"),
            "account_id",
            "account_id is missing, amount is missing; account_id must be text",
        ),
    ],
)
def test_a_missing_or_null_required_field_is_named(value, field, start):
    reason, named, message = reject(value)

    assert (reason, named) == ("MISSING_FIELD", field)
    assert message.startswith(start)


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        ({"amount": "70"}, 'amount is the text "70"; it must be a number from 0 to 1e15, without quotes'),
        ({"amount": -1.5}, "amount is the number -1.5; it must be a number from 0 to 1e15"),
        ({"amount": True}, "amount is true; it must be"),
        ({"amount": float("nan")}, "amount is NaN, which is not JSON; it must be a number from 0 to 1e15"),
        ({"amount": float("-inf")}, "amount is -Infinity, which is not JSON; it must be"),
        ({"latitude": 200}, "latitude is the number 200; it must be a number from -90 to 90"),
        ({"longitude": [1]}, "longitude is a list; it must be a number from -180 to 180"),
        ({"currency": "usd"}, 'currency is the text "usd"; it must be three capital letters'),
        ({"country": ""}, "country is empty text; it must be two capital letters"),
        ({"customer_age": 1.5}, "customer_age is the number 1.5; it must be a whole number"),
        ({"login_attempts": {}}, "login_attempts is an object; it must be a whole number"),
        ({"account_id": 1234567890}, "account_id is the number …7890; it must be text of 1 to 128 bytes"),
        ({"account_id": ""}, "account_id is empty text; it must be"),
        ({"account_id": "  "}, "account_id is blank; it must be"),
        ({"merchant_id": "M\n7-0042"}, 'merchant_id is the text "…0042" with a control character; it must'),
        ({"device_id": "d" * 129}, 'device_id is the text "…dddd" (129 characters); it must be text of 1 to 128'),
        ({"account_id": "é" * 65}, "account_id is 130 bytes long (…éééé); it must be text of 1 to 128 bytes"),
        ({"location": "x" * 300}, 'location is the text "…xxxx" (300 characters); it must be text of at most'),
        ({"event_time": "2024-05-01T12:00:00"}, 'event_time is the text "2024-05-01T12:00:00", without a zone'),
        ({"event_time": "2024-13-01T12:00:00Z"}, 'event_time is the text "2024-13-01T12:00:00Z"; it must be an'),
        ({"event_time": "yesterday"}, 'event_time is the text "…rday"; it must be an RFC 3339 time'),
        ({"event_time": 1714564800}, "event_time is the number …4800; it must be an RFC 3339 time"),
        ({"event_time": "0001-01-01T00:00:00+05:00"}, "event_time is 0001-01-01T00:00:00+05:00; it must be an"),
        ({"event_time": "9999-12-31T23:59:59-05:00"}, "event_time is 9999-12-31T23:59:59-05:00; it must be an"),
    ],
)
def test_an_invalid_field_is_told_with_its_value_and_what_would_be_right(fields, start):
    reason, field, message = reject(encode(**fields))

    assert (reason, field) == ("INVALID_FIELD", next(iter(fields)))
    assert message.startswith(start)
    assert EXPECTED[field] in message


def test_a_number_too_large_for_a_float_is_invalid():
    assert reject(encode().replace(b"12.5", b"1e999"))[2].startswith("amount is the number 1e999; it must be")


def test_a_card_number_in_the_wrong_field_is_masked():
    assert '"…1111"' in reject(encode(amount="4111111111111111"))[2]
    assert "the number …1111" in reject(encode(customer_age=4111111111111111))[2]


def test_a_message_never_carries_control_characters():
    assert reject(encode(currency="\x1b[2J"))[2].isprintable()


def test_an_event_time_may_lie_ten_minutes_past_its_record():
    assert isinstance(decode_one(encode(), NOON_MS - 600_000), Transaction)


def test_an_event_time_further_ahead_is_in_the_future():
    reason, field, message = reject(encode(), NOON_MS - 600_001)

    assert (reason, field) == ("EVENT_TIME_IN_FUTURE", "event_time")
    assert message.startswith("event_time is 2024-05-01T12:00:00+00:00, 600 s after the record's timestamp")


@pytest.mark.parametrize("timestamp_ms", [-1, None])
def test_a_record_without_a_timestamp_is_not_held_against_its_event_time(timestamp_ms):
    assert isinstance(decode_one(encode(), timestamp_ms), Transaction)


def test_each_record_is_held_against_its_own_timestamp():
    late = encode(event_time=(NOON + timedelta(hours=1)).isoformat())

    early, fine, unknown = decode_transactions([late, late, late], [NOON_MS, NOON_MS + 3_600_000, None])

    assert isinstance(early, Rejection)
    assert isinstance(fine, Transaction)
    assert isinstance(unknown, Transaction)


def test_an_absurd_record_timestamp_does_no_harm():
    assert isinstance(decode_one(encode(), 2**62), Transaction)


def test_a_record_over_the_limit_is_refused_unread():
    reason, field, message = reject(b"{" * (10 * 1024 * 1024))

    assert (reason, field) == ("TOO_LARGE", None)
    assert message == "the record has 10,485,760 bytes; at most 262,144 are accepted"


def test_a_record_at_the_limit_is_read():
    value = encode().ljust(MAX_RECORD_BYTES)

    assert isinstance(decode_one(value), Transaction)


def test_unknown_fields_are_ignored():
    assert decode_one(encode(colour="green")) == decode_one(encode())
