"""The largest deviation in a sliding window, in a few numbers: only peaks that no younger one has topped are kept.

This is the monotonic queue of the sliding-window maximum problem; z-scores are whole thousandths.
"""

import math
from bisect import bisect_left, bisect_right

import msgspec

from detectors.windows import DAY, MONTH, WEEK

_NO_PEAKS = (math.nan, math.nan, math.nan)


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
        if not times:
            return _NO_PEAKS
        # Most payments are the youngest, and most peaks lie within the month.
        end = len(times) if times[-1] < now else bisect_left(times, now)
        month = 0 if times[0] >= now - MONTH else bisect_left(times, now - MONTH, 0, end)
        week = bisect_left(times, now - WEEK, month, end)
        day = bisect_left(times, now - DAY, week, end)
        heights = self.heights
        return (
            heights[day] / 1000 if day < end else math.nan,
            heights[week] / 1000 if week < end else math.nan,
            heights[month] / 1000 if month < end else math.nan,
        )

    def learn(self, time: int, z: float) -> None:
        """Adds the z-score of one payment and forgets peaks over 30 days before the youngest."""
        times, heights = self.times, self.heights
        height = round(z * 1000)
        end = len(times)
        if times and time < times[-1]:
            end = bisect_right(times, time)
            if time < times[-1] - MONTH or heights[end] >= height:
                return
            edge = times[-1] - MONTH
        else:
            edge = time - MONTH
        start = end
        while start and heights[start - 1] <= height:
            start -= 1
        old = 0 if times and times[0] >= edge else bisect_left(times, edge)
        self.times = (*times[old:start], time, *times[end:])
        self.heights = (*heights[old:start], height, *heights[end:])
