"""Every kind of bad input, as bytes, with what the dead letter has to say about each."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

TEN_MEGABYTES = 10_000_000
GOOD: dict[str, Any] = {
    "transaction_id": "bad-1",
    "account_id": "bad-account",
    "merchant_id": "bad-merchant",
    "event_time": "2026-02-01T10:00:00Z",
    "amount": 12.5,
}
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that is no payment, and why."""

    kind: str
    value: bytes | None
    reason: str
    field: str | None = None
    key: bytes | None = b"bad-account"


def bad_records() -> list[BadRecord]:
    """One record of each kind."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    without_amount = {name: value for name, value in GOOD.items() if name != "amount"}
    good = _encode(GOOD)
    return [
        BadRecord("tombstone", None, "MALFORMED_JSON"),
        BadRecord("empty value", b"", "MALFORMED_JSON", key=None),
        BadRecord("broken UTF-8", good.replace(b"bad-merchant", b"bad-\xff\xfe"), "MALFORMED_JSON"),
        BadRecord("truncated JSON", good[:-9], "MALFORMED_JSON", key=b"\x00\xff no text"),
        BadRecord("no object", b"[1, 2, 3]", "MALFORMED_JSON"),
        BadRecord("NaN", good.replace(b"12.5", b"NaN"), "INVALID_FIELD", "amount"),
        BadRecord("not a number", _encode(GOOD | {"amount": "12.5"}), "INVALID_FIELD", "amount"),
        BadRecord("negative amount", _encode(GOOD | {"amount": -0.01}), "INVALID_FIELD", "amount"),
        BadRecord("missing field", _encode(without_amount), "MISSING_FIELD", "amount"),
        BadRecord("no zone", _encode(GOOD | {"event_time": "2026-02-01T10:00:00"}), "INVALID_FIELD", "event_time"),
        BadRecord("future", _encode(GOOD | {"event_time": tomorrow}), "EVENT_TIME_IN_FUTURE", "event_time"),
        BadRecord("long id", _encode(GOOD | {"account_id": "a" * 129}), "INVALID_FIELD", "account_id"),
        BadRecord("long id in bytes", _encode(GOOD | {"merchant_id": "€" * 43}), "INVALID_FIELD", "merchant_id"),
        BadRecord("ten megabytes", good[:-1] + b" " * (TEN_MEGABYTES - len(good)) + b"}", "TOO_LARGE"),
    ]
