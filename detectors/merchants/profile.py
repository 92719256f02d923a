"""The memory of one merchant: totals by hour, older ones merged into days, and the frauds that became known.

Hours are whole hours since 1970, UTC; a merged day stands at its first hour. Windows end at an hour and begin at
a midnight, so merging changes no answer but that of a reader more than two days behind.
"""

from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.merchants.activity import LabelChange
from detectors.packing import little_endian, pack_signed, unpack_signed, widened
from detectors.stored import Codec
from detectors.timing import Timing

Hour = TypeVar("Hour", int, NDArray[np.int64])

MEMORY_VERSION: Final = 1
DAY_HOURS: Final = 24
LONGEST_WINDOW: Final = 30 * DAY_HOURS
READER_LAG: Final = 2 * DAY_HOURS
"""How far a reader may be behind the newest hour and still get exact answers."""
_LARGEST = 2**62


class MerchantProfile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A merchant's closed hours that had payments, ascending, and the hours in which frauds were counted."""

    version: int = MEMORY_VERSION
    edge: int = 0
    """Payments of hours before this are in here already."""
    hours: bytes = b""
    """Four bytes each, little-endian."""
    counts: bytes = b""
    deviations: bytes = b""
    """Sums of deviations in thousandths."""
    fraud_hours: tuple[int, ...] = ()
    """Ascending."""
    frauds: tuple[int, ...] = ()
    """Known in that hour; negative where more were taken back."""
    labelled: tuple[int, ...] = ()
    """Source, position, source, position, ...: the last label of each source that is in here."""


class HourTotals(msgspec.Struct, gc=False):
    """Payments of one merchant in one hour."""

    count: int = 0
    deviation: int = 0
    """Sum of z-scores in thousandths."""


_EMPTY = MerchantProfile()
_codec = Codec(MerchantProfile, "A merchant's memory", MEMORY_VERSION)
encode_profile = _codec.encode
decode_profile = _codec.decode


def hours_of(profile: MerchantProfile) -> "array[int]":
    """The hours, ascending; the array may be changed."""
    return little_endian(array("I", profile.hours))


def merge_border(newest_hour: Hour, timing: Timing) -> Hour:
    """The midnight before which the hours of a merchant, whose newest one is this, are merged into days."""
    return (newest_hour - timing.delay_hours - READER_LAG) // DAY_HOURS * DAY_HOURS


def fold(
    profile: MerchantProfile | None,
    totals: Mapping[int, HourTotals],
    labels: Sequence[LabelChange],
    edge: int,
    timing: Timing,
    source_of: Sequence[int],
) -> MerchantProfile:
    """The memory with hours before `edge` and labels added; what is in there already is not added again.

    `totals` are by hour. `source_of` says for each label which partition it came from. Where nothing is new, the
    memory stays as it is, `edge` too: it would else tell of a crash after which labels came again.
    """
    before = profile or _EMPTY
    fraud_hours, frauds, labelled = before.fraud_hours, before.frauds, before.labelled
    if labels:
        fraud_hours, frauds, labelled = _labelled(before, labels, source_of)
    new = [hour for hour in sorted(totals) if before.edge <= hour < edge]
    if profile is not None and not new and labelled == before.labelled:
        return profile
    hours = _Hours(before)
    for hour in new:
        hours.add(hour, totals[hour])
    oldest = hours.shorten(timing)
    first = bisect_left(fraud_hours, oldest)
    return MerchantProfile(
        MEMORY_VERSION,
        max(before.edge, edge),
        little_endian(hours.hours).tobytes(),
        pack_signed(hours.counts),
        pack_signed(hours.deviations),
        fraud_hours[first:],
        frauds[first:],
        labelled,
    )


class _Hours:
    """A working copy of a memory's hours."""

    __slots__ = ("_newest_before", "counts", "deviations", "hours")

    def __init__(self, profile: MerchantProfile) -> None:
        self.hours = hours_of(profile)
        self._newest_before = self.hours[-1] if self.hours else 0
        self.counts = unpack_signed(profile.counts, len(self.hours))
        self.deviations = unpack_signed(profile.deviations, len(self.hours))

    def add(self, hour: int, totals: HourTotals) -> None:
        """Add an hour after all others: it was open when they were folded."""
        at = len(self.hours)
        self.hours.append(hour)
        self.counts = _with(self.counts, at, totals.count)
        self.deviations = _with(self.deviations, at, totals.deviation)

    def shorten(self, timing: Timing) -> int:
        """Merge old hours into days and forget those that no window reaches; returns the first that one may."""
        hours = self.hours
        border = merge_border(hours[-1] if hours else 0, timing)
        oldest = border - LONGEST_WINDOW - DAY_HOURS
        if hours and hours[0] < oldest:
            drop = bisect_left(hours, oldest)
            del hours[:drop], self.counts[:drop], self.deviations[:drop]
        merged = merge_border(self._newest_before, timing)
        if border > merged:
            start = bisect_left(hours, merged)
            self._merge(start, bisect_left(hours, border, start))
        return oldest

    def _merge(self, start: int, end: int) -> None:
        """Put what lies at these places at the first hour of its day; what lies before them is merged already."""
        hours = self.hours
        for at in range(end - 1, start - 1, -1):
            day = hours[at] // DAY_HOURS * DAY_HOURS
            if at and hours[at - 1] >= day:
                self.counts = _with(self.counts, at - 1, self.counts.pop(at) + self.counts.pop(at - 1))
                deviation = self.deviations.pop(at) + self.deviations.pop(at - 1)
                self.deviations = _with(self.deviations, at - 1, deviation)
                del hours[at]
            else:
                hours[at] = day


def _with(numbers: "array[int]", at: int, number: int) -> "array[int]":
    """The array with one number more, in a wider form if it does not fit."""
    try:
        numbers.insert(at, number)
    except OverflowError:
        number = max(-_LARGEST, min(number, _LARGEST))
        numbers = widened(numbers, number)
        numbers.insert(at, number)
    return numbers


def _labelled(
    profile: MerchantProfile, labels: Sequence[LabelChange], source_of: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Fraud hours, frauds and last positions after some labels."""
    known = dict(zip(profile.fraud_hours, profile.frauds, strict=True))
    last = dict(zip(profile.labelled[0::2], profile.labelled[1::2], strict=True))
    for label, source in zip(labels, source_of, strict=True):
        if label.position > last.get(source, -1):
            last[source] = label.position
            known[label.hour] = known.get(label.hour, 0) + label.change
    hours = tuple(sorted(hour for hour, change in known.items() if change))
    return hours, tuple(known[hour] for hour in hours), tuple(x for pair in sorted(last.items()) for x in pair)
