"""Turns bytes into transactions, or says in plain words why they are none; bad data never raises here.

A good record takes one pass through msgspec. Only a bad one is looked at a second time, by `detectors.diagnosis`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from detectors.diagnosis import (
    EARLIEST_TIME,
    ID_RULE,
    MAX_RECORD_BYTES,
    TIME_RULE,
    Contract,
    Rejection,
    horizon,
    refuse_size,
    required_fields,
)
from detectors.transaction import Transaction

__all__ = ["EXPECTED", "Rejection", "decode_transactions"]

_TEXT = "text of at most 256 characters"
EXPECTED: Final[dict[str, str]] = {
    "transaction_id": ID_RULE,
    "account_id": ID_RULE,
    "merchant_id": ID_RULE,
    "event_time": TIME_RULE,
    "amount": "a number from 0 to 1e15, without quotes",
    "currency": "three capital letters of ISO 4217, such as EUR",
    "transaction_type": _TEXT,
    "channel": _TEXT,
    "device_id": ID_RULE,
    "ip_address": _TEXT,
    "location": _TEXT,
    "latitude": "a number from -90 to 90",
    "longitude": "a number from -180 to 180",
    "country": "two capital letters of ISO 3166-1, such as DE",
    "customer_age": "a whole number from 0 to 150",
    "customer_occupation": _TEXT,
    "duration_s": "a number of seconds from 0 to 1e15",
    "login_attempts": "a whole number from 0 to 2147483647",
    "account_balance": "a number from -1e15 to 1e15, without quotes",
}
"""What would be right, for every field of a transaction."""

IDS: Final = ("transaction_id", "account_id", "merchant_id", "device_id")
"""The fields of a transaction that are identifiers."""
_TEXTS = ("event_time", "transaction_type", "channel", "ip_address", "location", "customer_occupation")
PAYMENT: Final = Contract(
    kind="transaction",
    expected=EXPECTED,
    required=required_fields(Transaction),
    ids=IDS,
    times=("event_time",),
    clear=frozenset(EXPECTED) - {*IDS, *_TEXTS},
)
"""What a transaction must be, for whoever has to say what is wrong with one."""

_decoder = msgspec.json.Decoder(Transaction)


def decode_transactions(
    values: Sequence[bytes | None], timestamps_ms: Sequence[int | None]
) -> list[Transaction | Rejection]:
    """Decode and check records, in order.

    `timestamps_ms` are the records' own timestamps; where one is negative or None, the event time is not
    held against it.
    """
    future = horizon(timestamps_ms)
    return [
        _decode(value, timestamp_ms, future) for value, timestamp_ms in zip(values, timestamps_ms, strict=True)
    ]


def _decode(value: bytes | None, timestamp_ms: int | None, future: datetime) -> Transaction | Rejection:
    if value is None or len(value) > MAX_RECORD_BYTES:
        return refuse_size(value)
    try:
        transaction = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return PAYMENT.explain(value, error)
    # One look at all ids together clears nearly every record; msgspec has bounded their characters already.
    ids = f"{transaction.transaction_id}{transaction.account_id}{transaction.merchant_id}{transaction.device_id}"
    if not (ids.isascii() and ids.isprintable() and " " not in ids) and (wrong := PAYMENT.check_ids(transaction)):
        return wrong
    event_time = transaction.event_time
    if EARLIEST_TIME <= event_time < future:
        return transaction
    return PAYMENT.check_time("event_time", event_time, timestamp_ms, "EVENT_TIME_IN_FUTURE") or transaction
