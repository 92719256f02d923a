"""What a merchant's memory says at one moment: sums over windows of closed hours.

A window of w days that ends at an edge is [floor_day(edge - w days), edge): from w to w + 1 days long. Activity
windows end at the activity edge, label windows at the label edge, `delay` earlier.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Final, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.merchants.profile import DAY_HOURS, MerchantProfile, merge_border
from detectors.timing import Timing

Edge = TypeVar("Edge", int, NDArray[np.int64])

WINDOW_DAYS: Final = (1, 7, 30)
_DAYS: Final = np.array(WINDOW_DAYS)[:, None]
_ROW_BITS: Final = 32  # hours stay far below
_NONE_KNOWN: Final = ((0, 0, 0), None)
_ZERO: Final = np.zeros(1, dtype=np.int64)


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


def window_start(edge: Edge, days: Edge) -> Edge:
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
        self._ends = lengths.cumsum()
        """(n,) where the hours of each memory end in the line."""
        self._lengths = lengths
        self._hours = np.frombuffer(b"".join([profile.hours for profile in profiles]), dtype="<u4").astype(
            np.int64
        )
        """(h,) hours since 1970."""
        self._rows = np.arange(len(profiles)) << _ROW_BITS
        self._line = self._rows.repeat(lengths) + self._hours
        """(h,) rising: the number of the memory, then the hour."""
        self._label_edges = self._edges - timing.delay_hours
        self._counts = self._totals([profile.counts for profile in profiles])
        deviations = self._totals([profile.deviations for profile in profiles])
        activity = self._places(self._line, self._edges)
        self.payments = _between(self._counts, activity)
        self.deviations = _between(deviations, activity)
        self._exposed = _between(self._counts, self._places(self._line, self._label_edges))
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
            Sums(payments, deviation, exposed, frauds, since)
            for payments, deviation, exposed, (frauds, since) in zip(*columns, self._known(), strict=True)
        ]

    def _known(self) -> list[tuple[tuple[int, int, int], int | None]]:
        """The last two of each of `sums`."""
        lengths = [len(profile.fraud_hours) for profile in self._profiles]
        if not any(lengths):
            return [_NONE_KNOWN] * len(lengths)
        hours = np.array(list(chain.from_iterable(profile.fraud_hours for profile in self._profiles)))
        changes = np.array(list(chain.from_iterable(profile.frauds for profile in self._profiles)))
        line, edges = self._rows.repeat(lengths) + hours, self._label_edges
        known = _between(np.concatenate([_ZERO, changes.cumsum()]), self._places(line, edges))
        # The last hour with more frauds than were taken back; where a week has any, it is one of its own merchant.
        risen = np.concatenate([_ZERO, line[changes > 0]])
        last = risen[risen.searchsorted(self._rows + np.maximum(edges, 0)) - 1] - self._rows
        after = np.minimum((last // DAY_HOURS + 1) * DAY_HOURS, edges)
        since = self._counts[self._at(edges)] - self._counts[self._at(after)]
        frauds = zip(*np.maximum(known, 0).tolist(), strict=True)
        return [(each, paid if each[1] else None) for each, paid in zip(frauds, since.tolist(), strict=True)]

    def _at(self, hours: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the hours of each memory that are not before `hours`, (n,), begin in the line: (n,)."""
        places: NDArray[np.int64] = self._line.searchsorted(self._rows + np.maximum(hours, 0))
        return places

    def _places(self, line: NDArray[np.int64], edges: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where windows of 1, 7 and 30 days up to the edges begin in a line, and where they end: (4, n)."""
        borders = np.concatenate([window_start(edges, _DAYS), edges[None]])
        places: NDArray[np.int64] = line.searchsorted(self._rows + np.maximum(borders, 0))
        return places

    def _totals(self, packed: Sequence[bytes]) -> NDArray[np.int64]:
        """Running totals along the line, 0 before its first hour: (h + 1,)."""
        totals = np.zeros(len(self._hours) + 1, dtype=np.int64)
        widths = np.array([len(data) for data in packed], dtype=np.int64) // np.maximum(self._lengths, 1)
        different = set(widths.tolist()) - {0}
        for width in different:
            alike = np.flatnonzero(widths == width).tolist()
            where = (widths == width).repeat(self._lengths) if len(different) > 1 else slice(None)
            joined = b"".join([packed[place] for place in alike])
            totals[1:][where] = np.frombuffer(joined, dtype=f"<i{width}")
        return totals.cumsum()


def _between(totals: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sums over windows of 1, 7 and 30 days: (3, n), from running totals (h + 1,) and places (4, n)."""
    at = totals[places]
    between: NDArray[np.int64] = at[3] - at[:3]
    return between
