"""The payments of one account in the last 30 days, and what they add up to in windows that end before an instant.

Times are whole seconds since 1970, UTC. A window of length w at time t is [t - w, t).
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from struct import Struct

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.packing import little_endian

HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY
MONTH = 30 * DAY

MAX_EXACT = 256
"""Payments kept one by one; older ones are merged into hours, so that a busy account's memory stays bounded."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_TWO = Struct("<II")
_LAST_SECOND = 2**32 - 1  # in February 2106
_NOTHING = np.zeros(1, dtype=np.int64)
_LENGTHS = np.array([[0], [HOUR], [DAY], [WEEK], [MONTH]])
_MAX_HOUR_CENTS = 10**18  # what still fits an encoded integer


def whole_seconds(event_time: datetime) -> int:
    """Seconds since 1970, UTC, rounded down; earlier times count as 1970 and those after 2106 as then.

    >>> from datetime import timezone
    >>> whole_seconds(datetime(1970, 1, 1, 0, 1, 0, 999_999, tzinfo=timezone.utc))
    60
    """
    since = event_time - _EPOCH
    seconds = since.days * DAY + since.seconds
    return seconds if 0 <= seconds <= _LAST_SECOND else max(0, min(seconds, _LAST_SECOND))


@dataclass(frozen=True, eq=False, slots=True)
class Totals:
    """Payments and their sums over windows that end before an instant, for each of n instants."""

    counts: NDArray[np.int64]
    """(4, n) over the last hour, day, 7 and 30 days."""
    cents: NDArray[np.float64]
    """(3, n) of the base currency, over the last day, 7 and 30 days."""
    approximate: list[bool]
    """Whether some of an instant's payments are known only by their hour."""


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A question to an account's payments as they were at some moment: what is before `now`?"""

    now: int
    times: bytes
    cents: bytes
    hours: "MergedHours | None"


class RecentPayments:
    """A working copy of an account's payments: `ask` before you `learn`; `totals` has the answers."""

    __slots__ = ("_hours", "cents", "times", "youngest")

    def __init__(self, times: bytes = b"", cents: bytes = b"", hours: tuple[int, ...] = ()) -> None:
        self.times = times
        """Four bytes each, ascending."""
        self.cents = cents
        """Eight bytes each."""
        self.youngest = int.from_bytes(times[-4:], "little") if times else None
        """The time of the youngest payment."""
        self._hours = MergedHours(hours) if hours else None

    @property
    def hours(self) -> tuple[int, ...]:
        """The payments before `times`, see `MergedHours.packed`."""
        return self._hours.packed() if self._hours else ()

    def ask(self, now: int) -> Asked:
        """Take down what is known now; nothing that is learned later changes the answer."""
        hours = self._hours
        return Asked(now, self.times, self.cents, hours.copy() if hours else None)

    def learn(self, time: int, cents: int) -> None:
        """Adds a payment in its place in time, and forgets what lies over 30 days before the youngest."""
        youngest = self.youngest
        if youngest is None or time >= youngest:
            self.youngest = youngest = time
            self.times += time.to_bytes(4, "little")
            self.cents += cents.to_bytes(8, "little")
        elif time < youngest - MONTH:
            return
        else:
            self._insert(bisect_right(_seconds(self.times), time), time, cents)
        edge = youngest - MONTH
        if len(self.times) > 4:
            first, second = _FIRST_TWO.unpack_from(self.times)
            if first < edge:  # mostly only this one
                self._drop(1 if second >= edge else bisect_left(_seconds(self.times), edge))
        if len(self.times) > 4 * MAX_EXACT:
            self._hours = self._hours or MergedHours(())
            first = int.from_bytes(self.times[:4], "little")
            self._hours.learn(first, int.from_bytes(self.cents[:8], "little"))
            self._drop(1)
        if self._hours:
            self._hours.forget(edge)

    def _insert(self, at: int, time: int, cents: int) -> None:
        self.times = self.times[: 4 * at] + time.to_bytes(4, "little") + self.times[4 * at :]
        self.cents = self.cents[: 8 * at] + cents.to_bytes(8, "little") + self.cents[8 * at :]

    def _drop(self, count: int) -> None:
        self.times, self.cents = self.times[4 * count :], self.cents[8 * count :]


def _seconds(times: bytes) -> "array[int]":
    return little_endian(array("I", times))


def totals(asked: Sequence[Asked]) -> Totals:
    """What the payments before each moment add up to; those of the same second are not before it."""
    row = np.arange(len(asked)) << 32
    lengths = np.array([len(each.times) for each in asked], dtype=np.int64) // 4
    times = np.frombuffer(b"".join([each.times for each in asked]), dtype="<u4")
    line = row.repeat(lengths) + times
    now = np.array([each.now for each in asked], dtype=np.int64)
    places = line.searchsorted(row + np.maximum(now - _LENGTHS, 0))
    cents = np.frombuffer(b"".join([each.cents for each in asked]), dtype="<i8")
    spent = np.concatenate([_NOTHING, cents.cumsum()])[places]
    answers = Totals(
        counts=places[0] - places[1:],
        cents=(spent[0] - spent[2:]).astype(np.float64),
        approximate=[False] * len(asked),
    )
    for place, each in enumerate(asked):
        if each.hours is not None:
            each.hours.add_to(answers, place, each.now)
    return answers


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

    def add_to(self, answers: Totals, place: int, now: int) -> None:
        """Add these hours to the answer at a place; an hour belongs to a window, whole, when it starts in it."""
        end = bisect_left(self._hours, -(-now // HOUR))
        starts = [self._since(now - window) for window in (HOUR, DAY, WEEK, MONTH)]
        answers.counts[:, place] += [sum(self._counts[start:end]) for start in starts]
        answers.cents[:, place] += [sum(self._cents[start:end]) for start in starts[1:]]
        answers.approximate[place] = starts[-1] < end

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
