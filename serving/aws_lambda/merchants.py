"""Merchants' totals, each shard's in an item of its own: nobody else writes it, and a reader adds them all up.

An item is written together with the accounts and the head of its shard, so that a payment counts once. Only hours
that every shard has closed are read, so the sum is the same whenever it is made.
"""

from array import array
from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec

from detectors.merchants.activity import Payment
from detectors.merchants.profile import (
    MEMORY_VERSION,
    HourTotals,
    MerchantProfile,
    decode_profile,
    encode_profile,
    fold,
    hours_of,
)
from detectors.packing import little_endian, pack_signed, unpack_signed
from detectors.stored import Codec
from detectors.timing import Timing
from serving.aws_lambda.records import Shard
from serving.aws_lambda.working import WorkingMemory

ITEM_VERSION: Final = 1

Totals = dict[int, tuple[int, int]]
"""Payments and their deviations in thousandths, by hour."""


class ShardTotals(msgspec.Struct, frozen=True, array_like=True):
    """What one shard has counted of one merchant."""

    version: int = ITEM_VERSION
    closed: bytes = b""
    """A `MerchantProfile` of hours that the shard has closed; empty without."""
    recent: tuple[tuple[int, int, int], ...] = ()
    """Hour, payments and deviations of the hours after them, ascending."""


_codec = Codec(ShardTotals, "A merchant's totals of one shard", ITEM_VERSION)


def totals_name(shard: Shard, merchant_id: str) -> str:
    """Return the key of what a shard has counted of a merchant."""
    return f"merchant/{shard}/{merchant_id}"


def count(memory: WorkingMemory, shard: Shard, payments: Iterable[Payment], edge: int, timing: Timing) -> None:
    """Add payments to the totals of their merchants; hours before `edge` are closed in the shard."""
    news: dict[str, list[Payment]] = {}
    for payment in payments:
        news.setdefault(payment.merchant_id, []).append(payment)
    for merchant_id, its in news.items():
        key = totals_name(shard, merchant_id)
        memory.put(key, _codec.encode(_counted(_decoded(memory.get(key)), its, edge, timing)))


def _counted(before: ShardTotals, payments: Iterable[Payment], edge: int, timing: Timing) -> ShardTotals:
    hours = {hour: HourTotals(paid, deviation) for hour, paid, deviation in before.recent}
    for payment in payments:
        total = hours.setdefault(payment.hour, HourTotals())
        total.count += 1
        total.deviation += payment.z_milli or 0
    closed = before.closed
    if any(hour < edge for hour in hours):
        closed = encode_profile(fold(decode_profile(closed) if closed else None, hours, (), edge, timing, ()))
    recent = [(hour, its.count, its.deviation) for hour, its in sorted(hours.items()) if hour >= edge]
    return ShardTotals(ITEM_VERSION, closed, tuple(recent))


class ShardsMerchants:
    """A `Merchants` view: the totals of all shards, up to the hours that all have closed."""

    def __init__(self, memory: WorkingMemory, shards: Collection[Shard], edge: int) -> None:
        self._memory = memory
        self._shards = shards
        self.edge = edge

    def profile(self, merchant_id: str) -> MerchantProfile | None:
        """Return the sum of what the shards have counted; None for a merchant without payments so far."""
        items = [self._memory.get(totals_name(shard, merchant_id)) for shard in self._shards]
        found = [_decoded(item) for item in items if item is not None]
        if len(found) == 1 and found[0].closed and all(hour >= self.edge for hour, _, _ in found[0].recent):
            return decode_profile(found[0].closed)
        return _profile(_added(found, self.edge), self.edge)


def _decoded(data: bytes | None) -> ShardTotals:
    return ShardTotals() if data is None else _codec.decode(data)


def _added(found: Iterable[ShardTotals], edge: int) -> Totals:
    """Sum hour by hour; a day that one shard has merged stands at its first hour, where windows take it whole."""
    totals: Totals = {}
    for its in found:
        for hour, paid, deviation in (*_closed_hours(its), *(each for each in its.recent if each[0] < edge)):
            before = totals.get(hour, (0, 0))
            totals[hour] = before[0] + paid, before[1] + deviation
    return totals


def _closed_hours(its: ShardTotals) -> Iterator[tuple[int, int, int]]:
    """Those past the view's edge too: by the newest one a reader knows whether it comes too late to be exact."""
    if its.closed:
        profile = decode_profile(its.closed)
        hours = hours_of(profile)
        counts, deviations = (unpack_signed(data, len(hours)) for data in (profile.counts, profile.deviations))
        yield from zip(hours, counts, deviations, strict=True)


def _profile(totals: Totals, edge: int) -> MerchantProfile | None:
    if not totals:
        return None
    hours = sorted(totals)
    return MerchantProfile(
        MEMORY_VERSION,
        edge,
        little_endian(array("I", hours)).tobytes(),
        pack_signed(array("q", [totals[hour][0] for hour in hours])),
        pack_signed(array("q", [totals[hour][1] for hour in hours])),
    )
