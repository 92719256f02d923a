"""Hypothesis strategies for the values that flow: payments as sent, payments enriched, histories, and labels.

Every strategy yields values that the product accepts, so a test that needs a broken one breaks it itself.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from detectors.labels import DISPOSITIONS, LABEL_SOURCES, Label
from detectors.transaction import EnrichedTransaction, Transaction

EARLIEST = datetime(2015, 1, 1)  # hypothesis wants bounds without a zone
LATEST = datetime(2035, 1, 1)
COUNTRIES = ("DE", "FR", "GB", "JP", "SE", "US")
CURRENCIES = ("EUR", "GBP", "JPY", "USD")

_printable = st.characters(categories=("L", "N", "P", "S"))


def ids() -> SearchStrategy[str]:
    """Any id: at most 32 characters, so at most 128 bytes."""
    return st.text(_printable, min_size=1, max_size=32)


def texts() -> SearchStrategy[str]:
    """Any free text, with whatever characters a producer may send."""
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def amounts() -> SearchStrategy[float]:
    """Whole cents, from nothing to ten million."""
    return st.integers(0, 10**9).map(lambda cents: cents / 100)


def event_times() -> SearchStrategy[datetime]:
    """An instant, told in any zone of whole minutes."""
    zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    return st.datetimes(EARLIEST, LATEST, timezones=st.one_of(st.just(UTC), zones))


def ip_addresses() -> SearchStrategy[str]:
    """Addresses of both families, public or not."""
    return st.ip_addresses().map(str)


def transactions(**fields: SearchStrategy[Any]) -> SearchStrategy[Transaction]:
    """Payments as a producer sends them; a keyword replaces the strategy of its field."""
    return st.builds(Transaction, **(_payment_fields() | fields))


def enriched_transactions(**fields: SearchStrategy[Any]) -> SearchStrategy[EnrichedTransaction]:
    """Payments after enrichment, event time in UTC; a keyword replaces the strategy of its field."""
    return st.builds(EnrichedTransaction, **(_payment_fields() | _enrichment_fields() | fields))


def labels(**fields: SearchStrategy[Any]) -> SearchStrategy[Label]:
    """Labels as somebody sends them; a keyword replaces the strategy of its field, but for `observed_at`."""
    known = {
        "transaction_id": ids(),
        "account_id": ids(),
        "merchant_id": ids(),
        "event_time": event_times(),
        "disposition": st.sampled_from(DISPOSITIONS),
        "source": st.sampled_from(LABEL_SOURCES),
    }
    delays = st.timedeltas(timedelta(0), timedelta(days=400))
    return st.builds(_label, delays, **(known | fields))


def account_histories(
    account_id: str = "account-1",
    *,
    min_size: int = 0,
    max_size: int = 12,
    in_order: bool = True,
    **fields: SearchStrategy[Any],
) -> SearchStrategy[list[EnrichedTransaction]]:
    """Payments of one account with distinct ids, by event time unless `in_order` is off."""
    payments = st.lists(
        enriched_transactions(account_id=st.just(account_id), **fields), min_size=min_size, max_size=max_size
    )
    return payments.map(lambda history: _as_history(history, in_order=in_order))


def _label(delay: timedelta, **fields: Any) -> Label:
    return Label(observed_at=fields["event_time"] + delay, **fields)


def _as_history(history: list[EnrichedTransaction], *, in_order: bool) -> list[EnrichedTransaction]:
    if in_order:
        history = sorted(history, key=lambda payment: payment.event_time)
    return [
        msgspec.structs.replace(payment, transaction_id=f"t-{position}")
        for position, payment in enumerate(history)
    ]


def _payment_fields() -> dict[str, SearchStrategy[Any]]:
    return {
        "transaction_id": ids(),
        "account_id": ids(),
        "merchant_id": ids(),
        "event_time": event_times(),
        "amount": amounts(),
        "currency": st.none() | st.sampled_from(CURRENCIES),
        "transaction_type": st.none() | st.sampled_from(("debit", "credit", "transfer")),
        "channel": st.none() | st.sampled_from(("online", "branch", "atm")),
        "device_id": st.none() | ids(),
        "ip_address": st.none() | ip_addresses(),
        "location": st.none() | texts(),
        "latitude": st.none() | st.floats(-90, 90),
        "longitude": st.none() | st.floats(-180, 180),
        "country": st.none() | st.sampled_from(COUNTRIES),
        "customer_age": st.none() | st.integers(0, 150),
        "customer_occupation": st.none() | texts(),
        "duration_s": st.none() | st.floats(0, 86_400),
        "login_attempts": st.none() | st.integers(0, 20),
        "account_balance": st.none() | st.floats(-1e6, 1e9),
    }


def _enrichment_fields() -> dict[str, SearchStrategy[Any]]:
    return {
        "event_time": st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)),
        "ip_country": st.none() | st.sampled_from(COUNTRIES),
        "ip_city": st.none() | texts(),
        "ip_latitude": st.none() | st.floats(-90, 90),
        "ip_longitude": st.none() | st.floats(-180, 180),
        "geo_source": st.none() | st.sampled_from(("private", "mmdb", "ipinfo", "iptocc")),
        "degraded": st.sampled_from(((), ("geo",), ("ip_address",))),
        "backfill": st.booleans(),
    }
