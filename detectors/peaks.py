"""The largest deviation in a sliding window, in a few numbers: only peaks that no younger one has topped are kept.

This is the monotonic queue of the sliding-window maximum problem; z-scores are whole thousandths.
"""

import math
from bisect import bisect_left, bisect_right

from detectors.windows import DAY, MONTH, WEEK


class Peaks:
    """A working copy of an account's peaks, times ascending, heights strictly descending."""

    __slots__ = ("_heights", "_times")

    def __init__(self, times: tuple[int, ...] = (), heights: tuple[int, ...] = ()) -> None:
        self._times = list(times)
        self._heights = list(heights)

    def packed(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The arguments that give this copy back."""
        return tuple(self._times), tuple(self._heights)

    def highest(self, now: int) -> tuple[float, float, float]:
        """The largest z in [now - w, now) for 1, 7 and 30 days; NaN where there was no payment.

        A payment sees only the peaks before it that no payment of its own second or, if it is late, a younger
        one has topped.
        """
        times = self._times
        end = bisect_left(times, now)
        return (
            self._at(bisect_left(times, now - DAY, 0, end), end),
            self._at(bisect_left(times, now - WEEK, 0, end), end),
            self._at(bisect_left(times, now - MONTH, 0, end), end),
        )

    def _at(self, index: int, end: int) -> float:
        return self._heights[index] / 1000 if index < end else math.nan

    def learn(self, time: int, z: float) -> None:
        """Adds the z-score of one payment and forgets peaks over 30 days before the youngest."""
        times, heights = self._times, self._heights
        height = round(z * 1000)
        end = bisect_right(times, time)
        if end < len(times) and heights[end] >= height:
            return
        start = end
        while start and heights[start - 1] <= height:
            start -= 1
        times[start:end] = [time]
        heights[start:end] = [height]
        if times[0] < times[-1] - MONTH:
            old = bisect_left(times, times[-1] - MONTH)
            del times[:old], heights[:old]
