"""A payment as a producer sends it, and as it looks once its IP address has been located.

The types are the contract of the topics `transactions` and `transactions.enriched`. Decoding and its
error messages live in `detectors.decoding`.
"""

from datetime import datetime
from typing import Annotated

import msgspec

MAX_ID_BYTES = 128
"""Longest id in UTF-8 bytes; ids are keys of topics and memories, so one giant id would bloat every copy."""

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_BYTES)]
Text = Annotated[str, msgspec.Meta(max_length=256)]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
NonNegative = Annotated[float, msgspec.Meta(ge=0, le=1e15)]
"""Bounded, so that no sum of amounts overflows."""
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]


class Transaction(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One payment. Only the first five fields are required; unknown fields on the wire are ignored."""

    transaction_id: Id
    account_id: Id
    merchant_id: Id
    event_time: Annotated[datetime, msgspec.Meta(tz=True)]
    """When the payment happened, with a zone; everything derived uses this time and no other."""
    amount: NonNegative
    """In `currency`."""
    currency: Currency | None = None
    """ISO 4217; absent means the bundle's base currency."""
    transaction_type: Text | None = None
    channel: Text | None = None
    device_id: Id | None = None
    ip_address: Text | None = None
    location: Text | None = None
    """A place name, as text (a city, usually)."""
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    country: Country | None = None
    """ISO 3166-1 alpha-2, where the payment was made."""
    customer_age: Annotated[int, msgspec.Meta(ge=0, le=150)] | None = None
    customer_occupation: Text | None = None
    duration_s: NonNegative | None = None
    """How long the payment took, in seconds."""
    login_attempts: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    account_balance: Annotated[float, msgspec.Meta(ge=-1e15, le=1e15)] | None = None
    """Before the payment, in `currency`."""


class EnrichedTransaction(Transaction, frozen=True, omit_defaults=True, gc=False):
    """A payment whose event time is in UTC and whose IP address has been located, where that was possible."""

    ip_country: Country | None = None
    ip_city: Text | None = None
    ip_latitude: Latitude | None = None
    ip_longitude: Longitude | None = None
    geo_source: Text | None = None
    """Which resolver answered: private, mmdb, ipinfo or iptocc; absent when there was no address to resolve."""
    degraded: tuple[str, ...] = ()
    """Enrichments that were unavailable, such as "geo"."""
    backfill: bool = False
    """History that builds memories and fills the archive, and alerts nobody."""
