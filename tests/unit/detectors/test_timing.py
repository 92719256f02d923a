import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.timing import Timing

_seconds = st.integers(0, 2**32 - 1)
_timings = st.builds(Timing, delay_hours=st.integers(0, 1000), grace_s=st.integers(0, 7200))


@pytest.mark.parametrize(("seconds", "edge"), [(0, 0), (599, 0), (4199, 0), (4200, 1), (7799, 1), (7800, 2)])
def test_an_hour_closes_when_the_grace_after_it_has_passed(seconds: int, edge: int) -> None:
    assert Timing().activity_edge(seconds) == edge


@given(_timings, _seconds)
def test_frauds_are_read_a_label_delay_behind_payments(timing: Timing, seconds: int) -> None:
    assert timing.activity_edge(seconds) - timing.label_edge(seconds) == timing.delay_hours


@given(_timings, st.integers(1, 10**6))
def test_the_first_second_of_an_edge_is_the_earliest_that_has_it(timing: Timing, edge: int) -> None:
    first = timing.first_second(edge)
    assert timing.activity_edge(first) == edge
    assert timing.activity_edge(first - 1) == edge - 1


@given(_timings, _seconds)
def test_no_hour_that_is_read_could_still_change_by_a_payment_within_the_grace(
    timing: Timing, seconds: int
) -> None:
    assert timing.activity_edge(seconds) * 3600 <= max(0, seconds - timing.grace_s)


@given(_timings, _seconds, _seconds)
def test_edges_never_fall_as_time_goes_on(timing: Timing, one: int, other: int) -> None:
    first, second = sorted([one, other])
    assert timing.activity_edge(first) <= timing.activity_edge(second)
