import numpy as np
import pytest

from detectors.evaluation.stability import psi, psi_between, psi_to_curve
from detectors.tails import fit_tail

rng = np.random.default_rng(0)
REFERENCE = rng.normal(0, 1, 30_000)


def test_the_reference_itself_is_stable() -> None:
    assert psi_to_curve(REFERENCE, fit_tail(REFERENCE)) == pytest.approx(0.0, abs=1e-9)


def test_the_reference_itself_is_stable_with_ties_too() -> None:
    tied = np.maximum(np.round(REFERENCE, 1), 0.0)
    assert psi_to_curve(tied, fit_tail(tied)) == pytest.approx(0.0, abs=1e-9)


def test_other_traffic_of_the_same_kind_is_nearly_stable() -> None:
    found = psi_to_curve(rng.normal(0, 1, 10_000), fit_tail(REFERENCE))
    assert found is not None
    assert found < 0.01


def test_a_shift_by_one_deviation_is_seen() -> None:
    found = psi_to_curve(rng.normal(1, 1, 10_000), fit_tail(REFERENCE))
    assert found is not None
    assert found > 0.5


def test_it_is_the_textbook_sum() -> None:
    assert psi(np.array([0.5, 0.5]), np.array([0.25, 0.75])) == pytest.approx(
        0.25 * np.log(2) + 0.25 * np.log(1.5)
    )


def test_an_empty_bin_keeps_it_finite() -> None:
    assert np.isfinite(psi(np.array([0.5, 0.5]), np.array([0.0, 1.0])))


def test_silence_and_small_samples_are_not_compared() -> None:
    curve = fit_tail(REFERENCE)
    assert psi_to_curve(np.full(5_000, np.nan), curve) is None
    assert psi_to_curve(REFERENCE[:999], curve) is None
    assert psi_to_curve(REFERENCE, None) is None
    assert psi_to_curve(REFERENCE, fit_tail(np.zeros(5_000))) is None


def test_a_feature_that_goes_missing_has_moved() -> None:
    before = REFERENCE[:5_000].astype(np.float32)
    after = np.where(np.arange(5_000) % 2, np.nan, before).astype(np.float32)
    same, gone = psi_between(before, before), psi_between(before, after)
    assert same == pytest.approx(0.0, abs=1e-9)
    assert gone is not None
    assert gone > 1.0


def test_a_feature_that_is_never_there_is_stable() -> None:
    missing = np.full(1_000, np.nan, dtype=np.float32)
    assert psi_between(missing, missing) == 0.0


def test_features_of_few_payments_are_not_compared() -> None:
    assert psi_between(np.zeros(999, dtype=np.float32), np.zeros(5_000, dtype=np.float32)) is None
