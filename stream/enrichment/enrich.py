"""Joins payments with the places of their addresses; pure, so that the same input gives the same bytes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from functools import cache
from itertools import repeat

import msgspec

from detectors.transaction import EnrichedTransaction, Transaction
from stream.enrichment.location import Location
from stream.enrichment.resolver import GeoResolver

GEO_DEGRADED = ("geo",)
ADDRESS_DEGRADED = ("ip_address",)
_NOWHERE = Location(None, None, None, None, "")


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
    place: Location = _NOWHERE
    degraded: tuple[str, ...] = ()
    if transaction.ip_address:
        found = locations[transaction.ip_address]
        place = found or _NOWHERE
        degraded = ADDRESS_DEGRADED if found is None else GEO_DEGRADED if found.degraded else ()
    fields = msgspec.structs.asdict(transaction)
    if transaction.event_time.tzinfo is not UTC:
        fields["event_time"] = transaction.event_time.astimezone(UTC)
    return EnrichedTransaction(
        **fields,
        ip_country=place.country,
        ip_city=place.city,
        ip_latitude=place.latitude,
        ip_longitude=place.longitude,
        geo_source=place.source or None,
        degraded=degraded,
        backfill=backfill,
    )
