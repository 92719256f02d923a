import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from detectors.evaluation.honesty import honesty

rng = np.random.default_rng(0)
TRUTH = 1 / (1 + np.exp(-rng.normal(-3.0, 1.5, 20_000)))
FRAUDS = rng.random(20_000) < TRUTH


def test_an_honest_probability_has_slope_one() -> None:
    found = honesty(np.round(100 * TRUTH, 4), FRAUDS)
    assert found is not None
    assert found.calibration_slope == pytest.approx(1.0, abs=0.05)
    assert found.calibration_intercept == pytest.approx(0.0, abs=0.1)
    assert found.mean_p_to_rate == pytest.approx(1.0, abs=0.05)
    assert found.brier == pytest.approx(brier_score_loss(FRAUDS, TRUTH), abs=1e-6)
    assert found.brier < found.brier_of_base_rate
    inside = [bin_.interval.low <= bin_.said <= bin_.interval.high for bin_ in found.reliability]
    assert sum(inside) >= len(inside) - 1
    assert sum(bin_.payments for bin_ in found.reliability) == len(TRUTH)


def test_the_fit_is_that_of_an_unpenalised_logistic_regression() -> None:
    odds = 0.4 * np.log(TRUTH / (1 - TRUTH)) + 1.0
    said = 1 / (1 + np.exp(-odds))
    found = honesty(100 * said, FRAUDS)
    model = LogisticRegression(C=1e12, tol=1e-10).fit(odds[:, None], FRAUDS)
    assert found is not None
    assert found.calibration_slope == pytest.approx(model.coef_[0, 0], rel=1e-4)
    assert found.calibration_intercept == pytest.approx(model.intercept_[0], rel=1e-4)


def test_the_fit_is_found_where_a_plain_newton_step_leaps_too_far() -> None:
    """Most payments at small odds, some certain and a few of these wrong: as a score on real frauds looks."""
    odds = np.r_[rng.normal(-5.2, 0.3, 10_000), rng.normal(8.0, 4.0, 120)]
    frauds = np.r_[rng.random(10_000) < 0.006, rng.random(120) < 0.95]
    found = honesty(100 / (1 + np.exp(-odds)), frauds)
    model = LogisticRegression(C=1e12, tol=1e-10).fit(np.clip(odds, -14.5, 14.5)[:, None], frauds)
    assert found is not None
    assert found.calibration_slope == pytest.approx(model.coef_[0, 0], rel=1e-3)


def test_certainties_are_taken_for_what_rounding_left_of_them() -> None:
    found = honesty(np.array([0.0, 100.0, 0.0, 100.0, 50.0]), np.array([False, True, True, False, True]))
    assert found is not None
    assert found.calibration_slope is not None


def test_a_perfect_separation_has_no_finite_slope() -> None:
    found = honesty(np.array([1.0, 2.0, 98.0, 99.0]), np.array([False, False, True, True]))
    assert found is not None
    assert found.calibration_slope is None


def test_one_constant_probability_has_no_slope() -> None:
    found = honesty(np.full(4, 20.0), np.array([False, False, False, True]))
    assert found is not None
    assert found.calibration_slope is None


def test_without_frauds_nothing_is_said() -> None:
    assert honesty(np.array([1.0]), np.array([False])) is None


def test_a_probability_of_one_is_in_the_last_bin() -> None:
    found = honesty(np.array([100.0, 0.0]), np.array([True, False]))
    assert found is not None
    assert [(b.least, b.below, b.payments) for b in found.reliability] == [(0.0, 0.001, 1), (0.5, 1.0, 1)]
