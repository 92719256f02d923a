"""Joins payments with the places of their addresses; pure, so that the same input gives the same bytes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from functools import cache
from itertools import repeat
from typing import Any

from msgspec.structs import asdict

from detectors.transaction import EnrichedTransaction, Transaction
from stream.enrichment.location import Location
from stream.enrichment.resolver import GeoResolver

GEO_DEGRADED = ("geo",)
ADDRESS_DEGRADED = ("ip_address",)


def distinct_addresses(transactions: Iterable[Transaction]) -> set[str]:
    """Return what a resolver has to be asked for."""
    return {transaction.ip_address for transaction in transactions if transaction.ip_address}


def enrich(
    transactions: Sequence[Transaction],
    locations: Mapping[str, Location | None],
    backfill: Sequence[bool] | bool = False,
) -> list[EnrichedTransaction]:
    """Add the places of `locations`, put event times into UTC and mark history, payment by payment.

    `backfill` is one flag for all, or one for each. An `ip_address` that is no IP address counts as none, and
    `degraded` says "ip_address"; one that a better resolver failed to locate says "geo".
    """
    flags = repeat(backfill, len(transactions)) if isinstance(backfill, bool) else backfill
    return [
        _enrich(transaction, locations, history) for transaction, history in zip(transactions, flags, strict=True)
    ]


def enrich_embedded(transactions: Sequence[Transaction], backfill: bool = False) -> list[EnrichedTransaction]:
    """Enrich from the embedded country data only: what training and backtests use, the same everywhere."""
    locations = _embedded_resolver().locate_local(distinct_addresses(transactions))
    return enrich(transactions, locations, backfill)


@cache
def _embedded_resolver() -> GeoResolver:
    """One for all batches: what it remembers follows from the address alone."""
    return GeoResolver()


def _enrich(
    transaction: Transaction, locations: Mapping[str, Location | None], backfill: bool
) -> EnrichedTransaction:
    fields = asdict(transaction)
    if transaction.event_time.tzinfo is not UTC:
        fields["event_time"] = transaction.event_time.astimezone(UTC)
    if transaction.ip_address:
        fields |= _place(locations[transaction.ip_address])
    if backfill:
        fields["backfill"] = True
    return EnrichedTransaction(**fields)


def _place(found: Location | None) -> dict[str, Any]:
    """What is added to a payment whose address was looked up."""
    if found is None:
        return {"degraded": ADDRESS_DEGRADED}
    return {
        "ip_country": found.country,
        "ip_city": found.city,
        "ip_latitude": found.latitude,
        "ip_longitude": found.longitude,
        "geo_source": found.source or None,
        "degraded": GEO_DEGRADED if found.degraded else (),
    }
