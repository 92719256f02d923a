"""The payments of one account in the last 30 days, and what they add up to in windows that end before an instant.

Times are whole seconds since 1970, UTC. A window of length w at time t is [t - w, t).
"""

from array import array
from bisect import bisect_left, bisect_right
from datetime import datetime

import msgspec

from detectors.packing import pack, unpack

HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY
MONTH = 30 * DAY

MAX_EXACT = 256
"""Payments kept one by one; older ones are merged into hours, so that a busy account's memory stays bounded."""

_LAST_SECOND = 2**32 - 1  # in February 2106
_MAX_HOUR_CENTS = 10**18  # what still fits an encoded integer
_TIME_BYTES = 3
_FARTHEST = 2 ** (8 * _TIME_BYTES) - 1  # 194 days from the origin


def whole_seconds(event_time: datetime) -> int:
    """Seconds since 1970, UTC, rounded down; earlier times count as 1970 and those after 2106 as then.

    >>> from datetime import timezone
    >>> whole_seconds(datetime(1970, 1, 1, 0, 1, 0, 999_999, tzinfo=timezone.utc))
    60
    """
    seconds = int(event_time.timestamp())
    return seconds if 0 <= seconds <= _LAST_SECOND else max(0, min(seconds, _LAST_SECOND))


class Totals(msgspec.Struct, frozen=True, gc=False):
    """Counts, and sums of amounts in cents of the base currency, over the windows that end before one instant."""

    count_1h: int
    count_1d: int
    count_7d: int
    count_30d: int
    cents_1d: int
    cents_7d: int
    cents_30d: int
    approximate: bool
    """Some of the payments are known only by their hour."""


class RecentPayments:
    """A working copy of an account's payments: `totals` asks, `learn` adds, `packed` gives what a memory keeps.

    Times are kept as seconds since `origin`, at least MONTH and at most 194 days before the youngest: so three
    bytes hold any of them.
    """

    __slots__ = ("_cents", "_hours", "_origin", "_times")

    def __init__(
        self, origin: int = 0, times: bytes = b"", cents: bytes = b"", hours: tuple[int, ...] = ()
    ) -> None:
        count = len(times) // _TIME_BYTES
        self._origin = origin
        self._times = unpack(times, count) if times else array("I")
        self._cents = unpack(cents, count)
        self._hours = MergedHours(hours) if hours else None

    def packed(self) -> tuple[int, bytes, bytes, tuple[int, ...]]:
        """The arguments that give this copy back."""
        return self._origin, pack(self._times), pack(self._cents), self._hours.packed() if self._hours else ()

    @property
    def youngest(self) -> int | None:
        """The time of the youngest payment."""
        return self._origin + self._times[-1] if self._times else None

    def totals(self, now: int) -> Totals:
        """What the payments before `now` add up to; those of the same second are not before it."""
        times, cents, at = self._times, self._cents, now - self._origin
        # Most payments are the youngest and most memories start within the month: two searches less.
        end = len(times) if not times or times[-1] < at else bisect_left(times, at)
        month = 0 if not times or times[0] >= at - MONTH else bisect_left(times, at - MONTH, 0, end)
        week = bisect_left(times, at - WEEK, month, end)
        day = bisect_left(times, at - DAY, week, end)
        hour = bisect_left(times, at - HOUR, day, end)
        cents_1d = sum(cents[day:end])
        cents_7d = cents_1d + sum(cents[week:day])
        cents_30d = cents_7d + sum(cents[month:week])
        counts = (end - hour, end - day, end - week, end - month)
        if self._hours:
            return self._hours.added_to(counts, (cents_1d, cents_7d, cents_30d), now)
        return Totals(*counts, cents_1d, cents_7d, cents_30d, False)

    def learn(self, time: int, cents: int) -> None:
        """Adds a payment in its place in time, and forgets what lies over 30 days before the youngest."""
        youngest = self.youngest
        if youngest is None:
            self._origin = time - MONTH
        elif time < youngest - MONTH:
            return
        elif time - self._origin > _FARTHEST:
            self._move_origin(time - MONTH)
        self._insert(time - self._origin, cents)
        times = self._times
        edge = times[-1] - MONTH
        if times[0] < edge:
            self._drop(bisect_left(times, edge))
        if len(times) > MAX_EXACT:
            self._hours = self._hours or MergedHours(())
            self._hours.learn(self._origin + times[0], self._cents[0])
            self._drop(1)
        if self._hours:
            self._hours.forget(self._origin + edge)

    def _insert(self, since_origin: int, cents: int) -> None:
        times = self._times
        at = len(times) if not times or since_origin >= times[-1] else bisect_right(times, since_origin)
        times.insert(at, since_origin)
        try:
            self._cents.insert(at, cents)
        except OverflowError:
            self._cents = array("I" if cents < 2**32 else "Q", self._cents)
            self._cents.insert(at, cents)

    def _drop(self, count: int) -> None:
        del self._times[:count], self._cents[:count]

    def _move_origin(self, origin: int) -> None:
        """Counts from a later origin, and forgets what lies before it."""
        self._drop(bisect_left(self._times, origin - self._origin))
        self._times = array("I", [time - (origin - self._origin) for time in self._times])
        self._origin = origin


class MergedHours:
    """A working copy of the payments known only by their hour (hours since 1970, ascending)."""

    __slots__ = ("_cents", "_counts", "_hours")

    def __init__(self, packed: tuple[int, ...]) -> None:
        self._hours = list(packed[0::3])
        self._counts = list(packed[1::3])
        self._cents = list(packed[2::3])

    def packed(self) -> tuple[int, ...]:
        """Hour, count, cents, hour, count, cents, ..."""
        return tuple(x for entry in zip(self._hours, self._counts, self._cents, strict=True) for x in entry)

    def added_to(self, counts: tuple[int, int, int, int], cents: tuple[int, int, int], now: int) -> Totals:
        """The totals with these hours; an hour belongs to a window, whole, when it starts within it."""
        end = bisect_left(self._hours, -(-now // HOUR))
        count_1h, count_1d, count_7d, count_30d = (
            count + sum(self._counts[self._since(now - window) : end])
            for count, window in zip(counts, (HOUR, DAY, WEEK, MONTH), strict=True)
        )
        cents_1d, cents_7d, cents_30d = (
            amount + sum(self._cents[self._since(now - window) : end])
            for amount, window in zip(cents, (DAY, WEEK, MONTH), strict=True)
        )
        approximate = count_30d > counts[-1]
        return Totals(count_1h, count_1d, count_7d, count_30d, cents_1d, cents_7d, cents_30d, approximate)

    def learn(self, time: int, cents: int) -> None:
        """Adds a payment to its hour."""
        hour = time // HOUR
        at = bisect_left(self._hours, hour)
        if at == len(self._hours) or self._hours[at] != hour:
            self._hours.insert(at, hour)
            self._counts.insert(at, 0)
            self._cents.insert(at, 0)
        self._counts[at] += 1
        self._cents[at] = min(self._cents[at] + cents, _MAX_HOUR_CENTS)

    def forget(self, edge: int) -> None:
        """Drops the hours that start before `edge`."""
        old = self._since(edge)
        if old:
            del self._hours[:old], self._counts[:old], self._cents[:old]

    def _since(self, time: int) -> int:
        return bisect_left(self._hours, -(-time // HOUR))
