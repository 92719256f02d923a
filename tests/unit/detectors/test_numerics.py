import math
from statistics import fmean, pvariance

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.numerics import LONGEST_MEMORY, NUMERICS, SD_FLOORS, Prior, Running, learn, score_then_learn, usual

_PRIORS = (Prior(0.0, 1.0),) * len(NUMERICS)


def _learned(values: list[float]) -> Running:
    running = None
    for value in values:
        running = learn(running, value)
    assert running is not None
    return running


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50))
@settings(max_examples=25, deadline=None)
def test_running_statistics_equal_those_of_the_whole_list(values: list[float]) -> None:
    learned = _learned(values)
    assert learned.count == len(values)
    assert learned.mean == pytest.approx(fmean(values), abs=1e-9)
    assert learned.squares / learned.count == pytest.approx(pvariance(values), abs=1e-6)


def test_a_long_habit_follows_a_slow_change() -> None:
    learned = _learned([0.0] * 2000 + [1.0] * 2 * LONGEST_MEMORY)
    assert learned.count == LONGEST_MEMORY
    assert learned.mean > 0.8


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=20), st.floats(-9, 9))
@settings(max_examples=25, deadline=None)
def test_a_deviation_is_measured_against_the_usual(values: list[float], value: float) -> None:
    running = _learned(values)
    mean, var = usual(running, _PRIORS[0], 5.0)
    deviations, _ = score_then_learn((running,) * 5, (value,) * 5, _PRIORS, 5.0, 3.0)
    expected = [(value - mean) / max(math.sqrt(var), floor) for floor in SD_FLOORS]
    assert deviations == pytest.approx(expected)


@pytest.mark.parametrize("value", [2.9, -2.9, 3.1, -3.1])
def test_only_what_passes_the_guard_is_learned(value: float) -> None:
    deviations, habits = score_then_learn((None,) * 5, (value,) * 5, _PRIORS, 5.0, 3.0)
    assert deviations == pytest.approx([value] * 5)
    assert [habit is not None for habit in habits] == [abs(value) < 3] * 5


def test_what_is_missing_or_without_prior_is_neither_scored_nor_learned() -> None:
    deviations, habits = score_then_learn(
        (None,) * 5, (math.nan, 1.0, 1.0, 1.0, 1.0), (_PRIORS[0], None, *_PRIORS[2:]), 5.0, 3.0
    )
    assert [math.isnan(deviation) for deviation in deviations] == [True, True, False, False, False]
    assert habits[:2] == (None, None)
