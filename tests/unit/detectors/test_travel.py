import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.travel import FASTEST_KMH, distance_km, place, speed_kmh

_places = st.builds(place, st.floats(-90, 90), st.floats(-180, 180), st.integers(0, 10**6))


@given(_places, _places)
@settings(max_examples=25, deadline=None)
def test_speed_is_symmetric_and_bounded(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    assert 0 <= speed_kmh(one, other) <= FASTEST_KMH
    assert speed_kmh(one, other) == pytest.approx(speed_kmh(other, one))
    assert distance_km(one, other) <= 20_016


def test_the_antipode_is_half_way_round() -> None:
    assert distance_km(place(0, 0, 0), place(0, 180, 0)) == pytest.approx(20_015, abs=1)


def test_the_date_line_is_no_distance() -> None:
    assert speed_kmh(place(10, 179.9, 0), place(10, -179.9, 0)) == 0


def test_less_than_a_minute_counts_as_one() -> None:
    one, other = place(0, 0, 0), place(0, 1, 1)
    assert speed_kmh(one, other) == pytest.approx(111.2 * 60, rel=1e-3)
