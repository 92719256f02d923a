"""Payments for tests: a plain one to vary, and sequences that hypothesis makes up."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st

from detectors.transaction import EnrichedTransaction

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
_numbers = count()


def payment(after_s: float = 0, **fields: Any) -> EnrichedTransaction:
    """A payment `after_s` seconds after START; its id is new unless given."""
    plain = {
        "transaction_id": f"T{next(_numbers)}",
        "account_id": "A1",
        "merchant_id": "M1",
        "event_time": START + timedelta(seconds=after_s),
        "amount": 20.0,
    }
    return EnrichedTransaction(**{**plain, **fields})


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


_DAY = 86_400
_payments: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    after_s=st.integers(-40 * _DAY, 40 * _DAY) | st.integers(0, 3600),
    amount=st.floats(0, 1e6) | st.sampled_from([10.0, 700.0, 1e300]),
    merchant_id=st.sampled_from(["M1", "M2", "M3"]),
    currency=st.sampled_from([None, "USD", "EUR", "XYZ"]),
    device_id=optional(st.sampled_from(["D1", "D2", "D3", "D4", "D5", "D6"])),
    country=optional(st.sampled_from(["DE", "FR", "BR", "US", "CN"])),
    ip_country=optional(st.sampled_from(["DE", "ED"])),
    latitude=optional(st.floats(-90, 90)),
    longitude=optional(st.floats(-180, 180)),
    ip_latitude=optional(st.floats(-90, 90)),
    ip_longitude=optional(st.floats(-180, 180)),
    login_attempts=optional(st.integers(0, 2**60)),
    duration_s=optional(st.floats(0, 1e5)),
    account_balance=optional(st.floats(-1e4, 1e6)),
    customer_occupation=optional(st.sampled_from(["Doctor", "nobody"])),
    transaction_id=st.sampled_from([f"id{i}" for i in range(60)]),
)


def sequences(max_size: int = 40) -> st.SearchStrategy[list[EnrichedTransaction]]:
    """Payments of one account in any order of time, some of them repeats."""
    return st.lists(_payments.map(lambda fields: payment(**fields)), max_size=max_size)
