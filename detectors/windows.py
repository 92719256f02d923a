"""The payments of one account in the last 30 days, and what they add up to in windows that end before an instant.

Times are whole seconds since 1970, UTC. A window of length w at time t is [t - w, t).
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from struct import Struct

import msgspec
import numpy as np

from detectors.packing import little_endian

HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY
MONTH = 30 * DAY

MAX_EXACT = 256
"""Payments kept one by one; older ones are merged into hours, so that a busy account's memory stays bounded."""

_FIRST_TWO = Struct("<II")
_LAST_SECOND = 2**32 - 1  # in February 2106
_MAX_HOUR_CENTS = 10**18  # what still fits an encoded integer


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


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A question to an account's payments as they were at some moment: what is before `now`?"""

    now: int
    times: bytes
    cents: bytes
    hours: "MergedHours | None"


class RecentPayments:
    """A working copy of an account's payments: `ask` before you `learn`; `totals` has the answers."""

    __slots__ = ("_cents", "_hours", "_times")

    def __init__(self, times: bytes = b"", cents: bytes = b"", hours: tuple[int, ...] = ()) -> None:
        self._times = times
        self._cents = cents
        self._hours = MergedHours(hours) if hours else None

    @property
    def packed(self) -> tuple[bytes, bytes, tuple[int, ...]]:
        """The arguments that give this copy back: times in four bytes each, cents in eight, and merged hours."""
        return self._times, self._cents, self._hours.packed() if self._hours else ()

    @property
    def youngest(self) -> int | None:
        """The time of the youngest payment."""
        return int.from_bytes(self._times[-4:], "little") if self._times else None

    def ask(self, now: int) -> Asked:
        """Take down what is known now; nothing that is learned later changes the answer."""
        hours = self._hours
        return Asked(now, self._times, self._cents, hours.copy() if hours else None)

    def learn(self, time: int, cents: int) -> None:
        """Adds a payment in its place in time, and forgets what lies over 30 days before the youngest."""
        times = self._times
        youngest = int.from_bytes(times[-4:], "little") if times else time
        if time >= youngest:
            youngest = time
            self._times = times + time.to_bytes(4, "little")
            self._cents += cents.to_bytes(8, "little")
        elif time < youngest - MONTH:
            return
        else:
            self._insert(bisect_right(_seconds(times), time), time, cents)
        edge = youngest - MONTH
        if len(self._times) > 4:
            first, second = _FIRST_TWO.unpack_from(self._times)
            if first < edge:  # mostly only this one
                self._drop(1 if second >= edge else bisect_left(_seconds(self._times), edge))
        if len(self._times) > 4 * MAX_EXACT:
            self._hours = self._hours or MergedHours(())
            first = int.from_bytes(self._times[:4], "little")
            self._hours.learn(first, int.from_bytes(self._cents[:8], "little"))
            self._drop(1)
        if self._hours:
            self._hours.forget(edge)

    def _insert(self, at: int, time: int, cents: int) -> None:
        self._times = self._times[: 4 * at] + time.to_bytes(4, "little") + self._times[4 * at :]
        self._cents = self._cents[: 8 * at] + cents.to_bytes(8, "little") + self._cents[8 * at :]

    def _drop(self, count: int) -> None:
        self._times, self._cents = self._times[4 * count :], self._cents[8 * count :]


def _seconds(times: bytes) -> "array[int]":
    return little_endian(array("I", times))


def totals(asked: Sequence[Asked]) -> list[Totals]:
    """What the payments before each moment add up to; those of the same second are not before it."""
    if not asked:
        return []
    row = np.arange(len(asked)) << 32
    lengths = np.array([len(each.times) for each in asked], dtype=np.int64) // 4
    times = np.frombuffer(b"".join([each.times for each in asked]), dtype="<u4")
    line = np.repeat(row, lengths) + times
    now = np.array([each.now for each in asked], dtype=np.int64)
    borders = np.stack([now, *(np.maximum(now - window, 0) for window in (HOUR, DAY, WEEK, MONTH))])
    places = np.searchsorted(line, row + borders)
    cents = np.frombuffer(b"".join([each.cents for each in asked]), dtype="<i8")
    spent = np.concatenate(([0], np.cumsum(cents)))[places]
    columns = zip(asked, *(places[0] - places[1:]).tolist(), *(spent[0] - spent[2:]).tolist(), strict=True)
    return [
        Totals(hour, day, week, month, cents_1d, cents_7d, cents_30d, False)
        if each.hours is None
        else each.hours.added_to((hour, day, week, month), (cents_1d, cents_7d, cents_30d), each.now)
        for each, hour, day, week, month, cents_1d, cents_7d, cents_30d in columns
    ]


class MergedHours:
    """A working copy of the payments known only by their hour (hours since 1970, ascending)."""

    __slots__ = ("_cents", "_counts", "_hours")

    def __init__(self, packed: tuple[int, ...]) -> None:
        self._hours = list(packed[0::3])
        self._counts = list(packed[1::3])
        self._cents = list(packed[2::3])

    def packed(self) -> tuple[int, ...]:
        """Hour, count, cents, hour, count, cents, ..."""
        return tuple(chain.from_iterable(zip(self._hours, self._counts, self._cents, strict=True)))

    def copy(self) -> "MergedHours":
        """The same hours, from now on apart."""
        other = MergedHours(())
        other._hours, other._counts, other._cents = self._hours.copy(), self._counts.copy(), self._cents.copy()
        return other

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
