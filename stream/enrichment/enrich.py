"""Joins payments with the places of their addresses; pure, so that the same input gives the same bytes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from functools import cache
from itertools import repeat
from typing import Any, Final

from msgspec.structs import astuple, replace

from detectors.transaction import EnrichedTransaction, Transaction
from stream.enrichment.location import Location
from stream.enrichment.resolver import GeoResolver

GEO_DEGRADED = ("geo",)
ADDRESS_DEGRADED = ("ip_address",)

_Place = tuple[str | None, str | None, float | None, float | None, str | None, tuple[str, ...]]
"""Country, city, latitude, longitude, source and `degraded`, as they end an EnrichedTransaction."""
_NOWHERE: Final[_Place] = (None, None, None, None, None, ())


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
    if transaction.event_time.tzinfo is not UTC:
        transaction = replace(transaction, event_time=transaction.event_time.astimezone(UTC))
    address = transaction.ip_address
    place = _place(locations[address]) if address else _NOWHERE
    fields: list[Any] = [*astuple(transaction), *place, backfill]
    return EnrichedTransaction(*fields)  # names take five times as long


def _place(found: Location | None) -> _Place:
    """What is added to a payment whose address was looked up."""
    if found is None:
        return (None, None, None, None, None, ADDRESS_DEGRADED)
    degraded = GEO_DEGRADED if found.degraded else ()
    return found.country, found.city, found.latitude, found.longitude, found.source or None, degraded
