"""Turns bytes into transactions, or says in plain words why they are none; bad data never raises here.

A good record takes one pass through msgspec. Only a bad one is looked at a second time, slowly, to find the
value to show. Messages tell the field, the value and what would be right; identifying values are masked.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from detectors.masking import mask, printable
from detectors.transaction import MAX_ID_BYTES, Transaction

RejectionReason = Literal[
    "MALFORMED_JSON",
    "MISSING_FIELD",
    "INVALID_FIELD",
    "EVENT_TIME_IN_FUTURE",
    "TOO_LARGE",
    "CONFLICTING_DUPLICATE",
    "INTERNAL_ERROR",
]

MAX_TRANSACTION_BYTES: Final = 256 * 1024
FUTURE_TOLERANCE_S: Final = 600
"""How far an event time may lie past its record's timestamp: clocks differ, but a day would poison windows."""
EARLIEST_EVENT_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_EVENT_TIME: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""Bounds that hold even for a record without a timestamp: nanoseconds since 1970 must fit 64 bits (until 2262)."""

_ID = f"text of 1 to {MAX_ID_BYTES} bytes in UTF-8, not blank, without control characters"
_TEXT = "text of at most 256 characters"
EXPECTED: Final[dict[str, str]] = {
    "transaction_id": _ID,
    "account_id": _ID,
    "merchant_id": _ID,
    "event_time": "an RFC 3339 time with a zone between 1970 and 2199, such as 2026-11-22T09:30:00Z",
    "amount": "a number from 0 to 1e15, without quotes",
    "currency": "three capital letters of ISO 4217, such as EUR",
    "transaction_type": _TEXT,
    "channel": _TEXT,
    "device_id": _ID,
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

_REQUIRED: Final = tuple(f.encode_name for f in msgspec.structs.fields(Transaction) if f.required)
_ID_FIELDS: Final = ("transaction_id", "account_id", "merchant_id", "device_id")
_NUMBERS_AND_CODES: Final = frozenset(EXPECTED) - {
    *_ID_FIELDS,
    *("event_time", "transaction_type", "channel", "ip_address", "location", "customer_occupation"),
}
# Shorter than any card or account number that could have slipped into the wrong field.
_CLEAR_DIGITS, _CLEAR_CHARACTERS = 11, 6
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?!\d)[\dTtZz :.+-]{0,25}")
_PATH = re.compile(r" - at `\$\.(\w+)")

_decoder = msgspec.json.Decoder(Transaction)


class Rejection(msgspec.Struct, frozen=True):
    """Why a record is not a transaction that can be assessed."""

    reason: RejectionReason
    message: str
    """One line for the producer, safe to log."""
    field: str | None = None
    """The field at fault, where one is."""
    traceback: str | None = None
    """Of an INTERNAL_ERROR; it may quote the data, so it goes to the dead letter and not to a log."""


def decode_transactions(
    values: Sequence[bytes | None], timestamps_ms: Sequence[int | None]
) -> list[Transaction | Rejection]:
    """Decode and check records, in order.

    `timestamps_ms` are the records' own timestamps; where one is negative or None, the event time is not
    held against it.
    """
    horizon = _horizon(timestamps_ms)
    return [
        _decode(value, timestamp_ms, horizon) for value, timestamp_ms in zip(values, timestamps_ms, strict=True)
    ]


def _horizon(timestamps_ms: Sequence[int | None]) -> datetime:
    # No event time before this can lie in any record's future, so most are cleared by one comparison.
    known = [timestamp_ms for timestamp_ms in timestamps_ms if timestamp_ms is not None and timestamp_ms >= 0]
    if not known:
        return LATEST_EVENT_TIME
    return datetime.fromtimestamp(min(LATEST_EVENT_TIME.timestamp(), min(known) / 1000 + FUTURE_TOLERANCE_S), UTC)


def _decode(value: bytes | None, timestamp_ms: int | None, horizon: datetime) -> Transaction | Rejection:
    if value is None or len(value) > MAX_TRANSACTION_BYTES:
        return _refuse_size(value)
    try:
        transaction = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _explain(value, error)
    # One look at all ids together clears nearly every record; msgspec has bounded their characters already.
    ids = f"{transaction.transaction_id}{transaction.account_id}{transaction.merchant_id}{transaction.device_id}"
    if not (ids.isascii() and ids.isprintable() and " " not in ids) and (wrong := _check_ids(transaction)):
        return wrong
    if EARLIEST_EVENT_TIME <= transaction.event_time < horizon:
        return transaction
    return _check_time(transaction, timestamp_ms) or transaction


def _refuse_size(value: bytes | None) -> Rejection:
    if value is None:
        return Rejection("MALFORMED_JSON", "the record has no value; send one JSON object per record")
    message = f"the record has {len(value):,} bytes; at most {MAX_TRANSACTION_BYTES:,} are accepted"
    return Rejection("TOO_LARGE", message)


def _check_ids(transaction: Transaction) -> Rejection | None:
    for field in _ID_FIELDS:
        value: str | None = getattr(transaction, field)
        if value is None:
            continue
        size = len(value.encode())
        if size > MAX_ID_BYTES:
            return _invalid(field, f"{size} bytes long ({mask(value)})")
        if value.isspace():
            return _invalid(field, "blank")
        if not value.isprintable():
            return _invalid(field, f'the text "{mask(value)}" with a control character')
    return None


def _check_time(transaction: Transaction, timestamp_ms: int | None) -> Rejection | None:
    event_time = transaction.event_time
    if timestamp_ms is not None and timestamp_ms >= 0:
        ahead_s = event_time.timestamp() - timestamp_ms / 1000
        if ahead_s > FUTURE_TOLERANCE_S:
            message = (
                f"event_time is {event_time.isoformat()}, {ahead_s:,.0f} s after the record's timestamp; at most"
                f" {FUTURE_TOLERANCE_S} s are accepted: check the producer's clock and zone"
            )
            return Rejection("EVENT_TIME_IN_FUTURE", message, "event_time")
    if not EARLIEST_EVENT_TIME <= event_time < LATEST_EVENT_TIME:
        return _invalid("event_time", event_time.isoformat())
    return None


def _invalid(field: str, shown: str) -> Rejection:
    return Rejection("INVALID_FIELD", f"{field} is {shown}; it must be {EXPECTED[field]}", field)


def _malformed(what: str) -> Rejection:
    return Rejection("MALFORMED_JSON", f"{what}; send one JSON object per record, in UTF-8")


class _Number(str):
    """A number as the producer wrote it, `NaN` and `1e999` included."""

    __slots__ = ()


def _explain(value: bytes, error: Exception) -> Rejection:
    if not value:
        return _malformed("the record's value is empty")
    try:
        text = value.decode()
    except UnicodeDecodeError as broken:
        return _malformed(f"byte 0x{value[broken.start]:02x} at position {broken.start} is not UTF-8")
    if text.startswith("\ufeff"):
        return _malformed("the record starts with a byte order mark, which JSON does not allow")
    if isinstance(error, RecursionError):
        return _malformed("the JSON is nested too deep")
    content = _look_again(text)
    if isinstance(error, msgspec.ValidationError):
        return _explain_field(content, str(error))
    if isinstance(content, dict):
        for field in EXPECTED:
            number = content.get(field)
            if isinstance(number, _Number) and number in ("NaN", "Infinity", "-Infinity"):
                return _invalid(field, f"{number}, which is not JSON")
    if str(error) == "Input data was truncated":
        return _malformed(f"the JSON breaks off at its end, after {len(value):,} bytes")
    return _malformed(f"the record is not JSON: {str(error).removeprefix('JSON is malformed: ')}")


def _look_again(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_Number, parse_int=_Number, parse_constant=_Number)
    except (ValueError, RecursionError):
        return None


def _explain_field(content: Any, detail: str) -> Rejection:
    path = _PATH.search(detail)
    if not isinstance(content, dict) or (path is None and "missing required" not in detail):
        return _malformed(f"the record is {_describe(content)} where a transaction should be")
    if path is None or (path[1] in _REQUIRED and content.get(path[1]) is None):
        return _missing(content)
    field = path[1]
    shown = _show(field, content.get(field))
    if "timezone" in detail:
        shown += ", without a zone"
    return _invalid(field, shown)


def _missing(content: dict[str, Any]) -> Rejection:
    absent = [field for field in _REQUIRED if content.get(field) is None]
    states = ", ".join(f"{field} is {'null' if field in content else 'missing'}" for field in absent)
    subject = "it" if len(absent) == 1 else absent[0]
    return Rejection("MISSING_FIELD", f"{states}; {subject} must be {EXPECTED[absent[0]]}", absent[0])


def _describe(content: Any) -> str:
    match content:
        case None:
            return "null"
        case bool():
            return "true" if content else "false"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _Number():
            return "a number"
    return "a text"


def _show(field: str, content: Any) -> str:
    if not isinstance(content, str):
        return _describe(content)
    kind = "the number" if isinstance(content, _Number) else "the text"
    quote = "" if isinstance(content, _Number) else '"'
    long = f" ({len(content)} characters)" if len(content) > MAX_ID_BYTES else ""
    return f"{kind} {quote}{_veil(field, content)}{quote}{long}" if content else "empty text"


def _veil(field: str, content: str) -> str:
    if field == "event_time" and _DATE.fullmatch(content):
        return str(content)
    clear = _CLEAR_DIGITS if isinstance(content, _Number) else _CLEAR_CHARACTERS
    if field in _NUMBERS_AND_CODES and len(content) <= clear:
        return printable(content)
    return mask(content)
