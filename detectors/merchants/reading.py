"""What a merchant's memory says at one moment: sums over windows of closed hours.

A window of w days that ends at an edge is [floor_day(edge - w days), edge): from w to w + 1 days long. Activity
windows end at the activity edge, label windows at the label edge, `delay` earlier.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.merchants.profile import DAY_HOURS, MerchantProfile, hours_of, merge_border
from detectors.packing import unpack_signed
from detectors.timing import Timing

Edge = TypeVar("Edge", int, NDArray[np.int64])

WINDOW_DAYS: Final = (1, 7, 30)
_ROW_BITS: Final = 32  # hours stay far below
_NONE_KNOWN: Final = ((0, 0, 0), None)


class Sums(msgspec.Struct, frozen=True, gc=False):
    """Sums over windows of 1, 7 and 30 days, in that order."""

    payments: tuple[int, int, int] = (0, 0, 0)
    """In the activity windows."""
    deviations: tuple[int, int, int] = (0, 0, 0)
    """Of z-scores in thousandths, in the activity windows."""
    exposed: tuple[int, int, int] = (0, 0, 0)
    """Payments in the label windows."""
    frauds: tuple[int, int, int] = (0, 0, 0)
    """Known frauds in the label windows."""
    since: int | None = None
    """Payments from the midnight after the last known fraud of 7 days to the label edge; None without one."""


NOTHING: Final = Sums()


def window_start(edge: Edge, days: int) -> Edge:
    """The first hour of a window of so many days that ends at an edge, or at each of some edges.

    >>> window_start(49, 1), window_start(47, 1)
    (24, 0)
    """
    return (edge - days * DAY_HOURS) // DAY_HOURS * DAY_HOURS


def is_exact(profile: MerchantProfile, activity_edge: int, timing: Timing) -> bool:
    """Whether every window of a reader at this edge ends at an hour that is still kept."""
    return read_many([profile], [activity_edge], timing)[0] is not None


def read_sums(profile: MerchantProfile, activity_edge: int, timing: Timing) -> Sums:
    """The sums for a reader whose activity edge is this, exact or not."""
    return Together([profile], [activity_edge], timing).sums()[0]


def read_many(
    profiles: Sequence[MerchantProfile], activity_edges: Sequence[int], timing: Timing
) -> list[Sums | None]:
    """The sums for one reader of each memory; None where its windows end at hours that are no longer kept."""
    if not profiles:
        return []
    together = Together(profiles, activity_edges, timing)
    return [sums if exact else None for sums, exact in zip(together.sums(), together.exact(), strict=True)]


class Together:
    """Some memories, read at once: their hours stand one after the other in one line of h hours."""

    def __init__(self, profiles: Sequence[MerchantProfile], activity_edges: Sequence[int], timing: Timing) -> None:
        self._profiles = profiles
        self._timing = timing
        self._edges = np.array(activity_edges, dtype=np.int64)
        """(n,) activity edges."""
        lengths = np.array([len(profile.hours) for profile in profiles], dtype=np.int64) // 4
        self._ends = np.cumsum(lengths)
        """(n,) where the hours of each memory end in the line."""
        self._lengths = lengths
        self._hours = np.frombuffer(b"".join([profile.hours for profile in profiles]), dtype="<u4").astype(
            np.int64
        )
        """(h,) hours since 1970."""
        self._label_edges = self._edges - timing.delay_hours
        counts = self._totals([profile.counts for profile in profiles])
        deviations = self._totals([profile.deviations for profile in profiles])
        activity = self._places(self._edges)
        self.payments = _between(counts, activity)
        self.deviations = _between(deviations, activity)
        self._exposed = _between(counts, self._places(self._label_edges))
        """(3, n) each, as `Sums` has them."""

    def exact(self) -> list[bool]:
        """Whether every window of each reader ends at an hour that is still kept."""
        some = self._lengths > 0
        newest = np.zeros(len(some), dtype=np.int64)
        newest[some] = self._hours[self._ends[some] - 1]
        kept = self._label_edges >= merge_border(newest, self._timing)
        return list((kept | ~some).tolist())

    def sums(self) -> list[Sums]:
        """The sums, whether exact or not."""
        columns = [zip(*sums.tolist(), strict=True) for sums in (self.payments, self.deviations, self._exposed)]
        return [
            Sums(payments, deviation, exposed, *_known(profile, edge))
            for profile, edge, payments, deviation, exposed in zip(
                self._profiles, self._label_edges.tolist(), *columns, strict=True
            )
        ]

    def _places(self, edges: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where windows of 1, 7 and 30 days up to the edges begin in the line, and where they end: (4, n)."""
        borders = np.stack([*(window_start(edges, days) for days in WINDOW_DAYS), edges])
        row = np.arange(len(edges)) << _ROW_BITS
        line = np.repeat(row, self._lengths) + self._hours
        return np.searchsorted(line, row + np.maximum(borders, 0))

    def _totals(self, packed: Sequence[bytes]) -> NDArray[np.int64]:
        """Running totals along the line, 0 before its first hour: (h + 1,)."""
        joined, lengths = b"".join(packed), self._lengths.tolist()
        widths = {len(data) // length for data, length in zip(packed, lengths, strict=True) if length}
        if len(widths) == 1:
            numbers = np.frombuffer(joined, dtype=f"<i{widths.pop()}")
        else:
            numbers = np.concatenate([unpack_signed(data, n) for data, n in zip(packed, lengths, strict=True)])
        return np.concatenate(([0], np.cumsum(numbers, dtype=np.int64)))


def _between(totals: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sums over windows of 1, 7 and 30 days: (3, n), from running totals (h + 1,) and places (4, n)."""
    at = totals[places]
    between: NDArray[np.int64] = at[3] - at[:3]
    return between


def _known(profile: MerchantProfile, edge: int) -> tuple[tuple[int, int, int], int | None]:
    """The last two of `Sums`, for label windows that end at this edge."""
    if not profile.fraud_hours:
        return _NONE_KNOWN
    frauds, last = _frauds(profile, edge)
    if not frauds[1]:
        return frauds, None
    hours = hours_of(profile)
    end = bisect_left(hours, edge)
    after = bisect_left(hours, (last // DAY_HOURS + 1) * DAY_HOURS, 0, end)
    return frauds, sum(unpack_signed(profile.counts, len(hours))[after:end])


def _frauds(profile: MerchantProfile, edge: int) -> tuple[tuple[int, int, int], int]:
    """Frauds in the three windows, and the last hour that had more than were taken back."""
    hours, frauds = profile.fraud_hours, profile.frauds
    if not hours:
        return (0, 0, 0), 0
    end = bisect_left(hours, edge)
    day, week, month = (
        max(0, sum(frauds[bisect_left(hours, window_start(edge, days), 0, end) : end])) for days in WINDOW_DAYS
    )
    return (day, week, month), max((h for h, n in zip(hours[:end], frauds[:end], strict=True) if n > 0), default=0)
