"""The largest deviation in a sliding window, in a few numbers: only peaks that no younger one has topped are kept.

This is the monotonic queue of the sliding-window maximum problem; z-scores are whole thousandths.
"""

import math
from bisect import bisect_left, bisect_right

import msgspec

from detectors.windows import DAY, MONTH, WEEK


class Peaks(msgspec.Struct, gc=False):
    """An account's peaks: `highest` asks, `learn` adds."""

    times: tuple[int, ...] = ()
    """Ascending."""
    heights: tuple[int, ...] = ()
    """Strictly descending."""

    def highest(self, now: int) -> tuple[float, float, float]:
        """The largest z in [now - w, now) for 1, 7 and 30 days; NaN where there was no payment.

        A payment sees only the peaks before it that no payment of its own second or, if it is late, a younger
        one has topped.
        """
        times = self.times
        end = bisect_left(times, now)
        return (
            self._at(bisect_left(times, now - DAY, 0, end), end),
            self._at(bisect_left(times, now - WEEK, 0, end), end),
            self._at(bisect_left(times, now - MONTH, 0, end), end),
        )

    def _at(self, index: int, end: int) -> float:
        return self.heights[index] / 1000 if index < end else math.nan

    def learn(self, time: int, z: float) -> None:
        """Adds the z-score of one payment and forgets peaks over 30 days before the youngest."""
        times, heights = self.times, self.heights
        height = round(z * 1000)
        end = bisect_right(times, time)
        edge = max(time, times[-1] if times else 0) - MONTH
        if time < edge or (end < len(times) and heights[end] >= height):
            return
        start = end
        while start and heights[start - 1] <= height:
            start -= 1
        old = bisect_left(times, edge)
        self.times = (*times[old:start], time, *times[end:])
        self.heights = (*heights[old:start], height, *heights[end:])
