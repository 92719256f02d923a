import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.incidents.recall import caught, estimate, limit, share

SCORES = st.lists(st.integers(0, 5), min_size=1, max_size=40).map(lambda values: np.array(values, dtype=float))


@settings(max_examples=25)
@given(SCORES, st.sampled_from([0.02, 0.05, 0.3, 1.0]))
def test_no_limit_alerts_more_than_its_rate_and_no_lower_one_would_do(scores: np.ndarray, rate: float):
    highest = limit(scores, rate)

    assert np.mean(scores > highest) <= rate
    assert all(np.mean(scores > score) > rate for score in scores if score < highest)


def test_what_lies_above_every_genuine_score_is_caught_at_any_rate():
    assert caught(np.zeros(10), [np.array([0.1])], 0.02).incidents == 1.0


def test_an_incident_is_caught_by_one_of_its_payments():
    genuine = np.arange(100.0)
    injected = [np.array([0.0, 99.0]), np.array([97.0]), np.array([98.0, 99.0, 5.0])]

    result = caught(genuine, injected, 0.02)

    assert (result.incidents, result.payments, result.given) == (2 / 3, 3 / 6, 0.02)


def test_the_interval_is_students():
    found = estimate(np.array([0.1, 0.2, 0.3]))

    # t(.975, 2) = 4.3027; standard error .1 / sqrt(3)
    assert (found.mean, found.high) == (0.2, pytest.approx(0.2 + 4.3027 * 0.1 / math.sqrt(3), abs=1e-4))


def test_the_interval_of_a_share_ends_at_its_bounds():
    found = share(np.array([0.0, 1.0]))

    assert (found.low, found.high) == (0.0, 1.0)


def test_one_seed_has_no_interval():
    found = estimate(np.array([0.5]))

    assert found.mean == 0.5
    assert math.isnan(found.low)
