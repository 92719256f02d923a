import math

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.peaks import Peaks
from detectors.windows import DAY, MONTH, WEEK

_START = 1_700_000_000


@given(st.lists(st.tuples(st.integers(1, 10 * DAY), st.integers(-5000, 5000)), max_size=50))
@settings(max_examples=25, deadline=None)
def test_the_peaks_of_payments_in_order_are_the_maxima_of_their_windows(steps: list[tuple[int, int]]) -> None:
    peaks = Peaks()
    known: list[tuple[int, float]] = []
    now = _START
    for step, thousandths in steps:
        now += step
        for window, highest in zip((DAY, WEEK, MONTH), peaks.highest(now), strict=True):
            inside = [z for time, z in known if now - window <= time < now]
            assert highest == max(inside) if inside else math.isnan(highest)
        peaks.learn(now, thousandths / 1000)
        known.append((now, thousandths / 1000))


def test_a_late_peak_counts_from_its_own_time() -> None:
    peaks = Peaks()
    peaks.learn(_START + 5 * DAY, 1.0)
    peaks.learn(_START, 4.0)
    peaks.learn(_START + DAY, 0.5)  # topped by a younger one: no later window can need it
    assert peaks.highest(_START + 6 * DAY) == (1.0, 4.0, 4.0)
    assert (peaks.times, peaks.heights) == ((_START, _START + 5 * DAY), (4000, 1000))
