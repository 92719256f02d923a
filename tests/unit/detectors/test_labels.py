"""Which records are labels, what the others are told, and what truth turns into."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.diagnosis import MAX_RECORD_BYTES, Rejection
from detectors.labels import (
    DISPOSITIONS,
    EXPECTED,
    LABEL_SOURCES,
    Label,
    decode_labels,
    labels_from_truth,
)
from detectors.transaction import Transaction
from tests.strategies import labels

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
WEEK_LATER = NOON + timedelta(days=7)
WEEK_LATER_MS = int(WEEK_LATER.timestamp() * 1000)
LABEL = {
    "transaction_id": "tx-0001",
    "account_id": "ACC-0042",
    "merchant_id": "M-7",
    "event_time": "2024-05-01T12:00:00Z",
    "disposition": "confirmed_fraud",
    "source": "chargeback",
    "observed_at": "2024-05-08T12:00:00Z",
}


def decode_one(value: bytes | None, timestamp_ms: int | None = -1) -> Label | Rejection:
    [result] = decode_labels([value], [timestamp_ms])
    return result


def reject(value: bytes | None, timestamp_ms: int | None = -1) -> tuple[str, str | None, str]:
    result = decode_one(value, timestamp_ms)
    assert isinstance(result, Rejection), result
    return result.reason, result.field, result.message


def encode(**fields: object) -> bytes:
    return json.dumps(LABEL | fields).encode()


@given(labels())
def test_what_was_encoded_decodes_to_itself(label):
    assert decode_one(msgspec.json.encode(label)) == label


@given(st.binary(max_size=200))
def test_any_bytes_give_a_label_or_a_rejection(value):
    assert isinstance(decode_one(value), Label | Rejection)


def test_results_keep_the_order_of_the_records():
    results = decode_labels([encode(), b"{", encode(transaction_id="tx-0002")], [-1, -1, -1])

    assert [type(result) for result in results] == [Label, Rejection, Label]
    assert results[2].transaction_id == "tx-0002"


def test_every_field_of_a_label_is_required_and_says_what_would_be_right():
    assert tuple(EXPECTED) == Label.__struct_fields__
    for field in EXPECTED:
        value = json.dumps({name: text for name, text in LABEL.items() if name != field}).encode()
        assert reject(value) == ("MISSING_FIELD", field, f"{field} is missing; it must be {EXPECTED[field]}")


def test_every_disposition_and_source_is_named_where_a_wrong_one_is_refused():
    assert all(word in EXPECTED["disposition"] for word in DISPOSITIONS)
    assert all(word in EXPECTED["source"] for word in LABEL_SOURCES)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "the record has no value; send one JSON object per record"),
        (b"", "the record's value is empty"),
        (b"\xff", "byte 0xff at position 0 is not UTF-8"),
        (encode()[:-5], "the JSON breaks off at its end"),
        (b"[]", "the record is a list where a label should be"),
        (b"hello", "the record is not JSON: invalid character (byte 0)"),
    ],
)
def test_a_record_that_is_no_json_object_is_malformed(value, message):
    reason, field, told = reject(value)

    assert (reason, field) == ("MALFORMED_JSON", None)
    assert message in told


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        ({"disposition": "fraud"}, 'disposition is the text "fraud"; it must be confirmed_fraud, false_'),
        ({"disposition": 1}, "disposition is the number 1; it must be confirmed_fraud, false_positive or"),
        ({"source": "Analyst"}, 'source is the text "…yst"; it must be chargeback, analyst or'),
        ({"account_id": ""}, "account_id is empty text; it must be text of 1 to 128 bytes"),
        ({"account_id": "  "}, "account_id is blank; it must be text of 1 to 128 bytes"),
        ({"merchant_id": "M\n7-0042"}, 'merchant_id is the text "…0042" with a control character; it must'),
        ({"transaction_id": "é" * 65}, "transaction_id is 130 bytes long (…éééé); it must be"),
        ({"event_time": "2024-05-01T12:00:00"}, 'event_time is the text "2024-05-01T12:00:00", without a zone'),
        ({"observed_at": "soon"}, 'observed_at is the text "…on"; it must be an RFC 3339 time with a zone'),
        ({"event_time": "1969-12-31T23:59:59Z"}, "event_time is 1969-12-31T23:59:59+00:00; it must be"),
        ({"observed_at": "2200-01-01T00:00:00Z"}, "observed_at is 2200-01-01T00:00:00+00:00; it must be"),
        (
            {"observed_at": "2024-05-01T11:59:59Z"},
            "observed_at is 2024-05-01T11:59:59+00:00, before the event_time 2024-05-01T12:00:00+00:00; it",
        ),
    ],
)
def test_an_invalid_field_is_told_with_its_value_and_what_would_be_right(fields, start):
    reason, field, message = reject(encode(**fields))

    assert (reason, field) == ("INVALID_FIELD", next(iter(fields)))
    assert message.startswith(start)
    assert EXPECTED[field] in message


def test_a_label_may_be_observed_with_its_payment_and_ten_minutes_past_its_record():
    assert isinstance(decode_one(encode(observed_at=LABEL["event_time"])), Label)
    assert isinstance(decode_one(encode(), WEEK_LATER_MS - 600_000), Label)


def test_a_label_observed_further_ahead_is_in_the_future():
    reason, field, message = reject(encode(), WEEK_LATER_MS - 600_001)

    assert (reason, field) == ("OBSERVED_IN_FUTURE", "observed_at")
    assert message.startswith("observed_at is 2024-05-08T12:00:00+00:00, 600 s after the record's timestamp")


def test_a_payment_from_the_future_has_no_label():
    assert reject(encode(), 0)[:2] == ("EVENT_TIME_IN_FUTURE", "event_time")


@pytest.mark.parametrize("timestamp_ms", [-1, None])
def test_a_record_without_a_timestamp_is_not_held_against_its_label(timestamp_ms):
    assert isinstance(decode_one(encode(), timestamp_ms), Label)


def test_a_record_over_the_limit_is_refused_unread():
    assert reject(b"{" * (MAX_RECORD_BYTES + 1))[:2] == ("TOO_LARGE", None)


def test_unknown_fields_are_ignored():
    assert decode_one(encode(investigator="42")) == decode_one(encode())


def test_truth_gives_each_fraud_a_chargeback_after_the_delay_and_genuine_payments_nothing():
    payments = [
        Transaction(transaction_id=name, account_id="a", merchant_id="m", event_time=NOON, amount=1.0)
        for name in ("fraud", "genuine", "unknown")
    ]

    (label,) = labels_from_truth(payments, {"fraud": True, "genuine": False}, timedelta(days=7))

    assert label == Label(
        transaction_id="fraud",
        account_id="a",
        merchant_id="m",
        event_time=NOON,
        disposition="confirmed_fraud",
        source="chargeback",
        observed_at=WEEK_LATER,
    )
