"""Payments and labels in the order in which they become known: what the load generator plays.

It decides nothing about when they are sent, nor where.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from detectors.labels import Label
from detectors.transaction import MAX_ID_BYTES, Transaction

Event = Transaction | Label


def moment(event: Event) -> datetime:
    """When an event becomes known: a payment when it happens, a label when it is observed."""
    return event.observed_at if isinstance(event, Label) else event.event_time


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return events by their moment; those of one moment keep the given order."""
    return sorted(events, key=moment)


def repeat(ordered: Sequence[Event], until: datetime) -> Iterator[Event]:
    """Yield events again and again, each pass later by whole days and with a suffix to the transaction ids.

    It ends before the first pass that would reach beyond `until`: the worker rejects what comes from the future.
    """
    yield from ordered
    if not ordered:
        return
    first, last = moment(ordered[0]), moment(ordered[-1])
    step = timedelta(days=(last - first).days + 1)
    number, shift = 1, step
    while last + shift <= until:
        for event in ordered:
            yield _again(event, number, shift)
        number, shift = number + 1, shift + step


def first_payments(events: Iterable[Event], limit: int | None) -> Iterator[Event]:
    """Yield events up to payment number `limit`, and the labels before the one after it."""
    count = 0
    for event in events:
        count += not isinstance(event, Label)
        if limit is not None and count > limit:
            return
        yield event


def _again(event: Event, number: int, shift: timedelta) -> Event:
    suffix = f"-r{number}"
    kept = event.transaction_id.encode()[: MAX_ID_BYTES - len(suffix)].decode(errors="ignore")
    later = msgspec.structs.replace(event, transaction_id=kept + suffix, event_time=event.event_time + shift)
    if isinstance(later, Label):
        later = msgspec.structs.replace(later, observed_at=later.observed_at + shift)
    return later
