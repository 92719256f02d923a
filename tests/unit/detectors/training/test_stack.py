import numpy as np
import pytest

from detectors.training.score_kind import KnownLabels, decide_score_kind
from detectors.training.stack import calibrate, fit_stack


def test_a_stack_finds_the_detectors_that_know_something() -> None:
    rng = np.random.default_rng(0)
    measured = rng.exponential(1.0, (20_000, 4))
    odds = -5.0 + 1.5 * measured[:, 0] + 0.8 * measured[:, 3]
    frauds = rng.random(20_000) < 1 / (1 + np.exp(-odds))
    stack = fit_stack(measured, frauds)
    assert stack.weights == pytest.approx([1.5, 0.0, 0.0, 0.8], abs=0.15)
    assert stack.intercept == pytest.approx(-5.0, abs=0.3)


def test_no_detector_is_ever_held_against_a_fraud() -> None:
    """A detector that is lower for frauds gets no weight, rather than a negative one."""
    rng = np.random.default_rng(1)
    frauds = rng.random(5_000) < 0.1
    measured = rng.normal(size=(5_000, 4)) + np.outer(frauds, [2.0, -2.0, 1.0, 0.5])
    assert fit_stack(measured, frauds).weights.min() == 0.0


def test_silence_is_filled_with_the_mean_while_weights_are_learned() -> None:
    rng = np.random.default_rng(3)
    frauds = rng.random(5_000) < 0.1
    measured = rng.normal(size=(5_000, 4)) + 2.0 * frauds[:, None]
    measured[::3, 0] = np.nan
    assert np.isfinite(fit_stack(measured, frauds).weights).all()


def test_calibration_mends_log_odds_that_are_too_sure() -> None:
    rng = np.random.default_rng(4)
    odds = rng.normal(-2.0, 2.0, 50_000)
    frauds = rng.random(50_000) < 1 / (1 + np.exp(-odds))
    found = calibrate(3.0 * odds + 1.0, frauds)
    assert found.slope == pytest.approx(1 / 3, rel=0.05)
    assert found.intercept == pytest.approx(-1 / 3, abs=0.1)


def test_calibration_claims_no_certainty_where_frauds_are_separated_perfectly() -> None:
    odds = np.concatenate([np.full(500, -10.0), np.full(20, 10.0)])
    found = calibrate(odds, odds > 0)
    assert 1 / (1 + np.exp(-(found.slope * 10 + found.intercept))) < 0.99


def test_calibration_never_turns_a_score_upside_down() -> None:
    odds = np.linspace(-3, 3, 1_000)
    found = calibrate(odds, odds < -2)
    assert (found.slope, found.intercept) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("known", "kind", "words"),
    [
        (None, "rarity", "no labels"),
        (KnownLabels(0, 900, 0), "rarity+feedback", "0 known frauds"),
        (KnownLabels(49, 900, 14), "rarity+feedback", "49 known frauds"),
        (KnownLabels(60, 900, 3), "rarity+feedback", "fall on 3 days"),
        (KnownLabels(60, 0, 14), "rarity+feedback", "beside 0 payments known to be genuine"),
        (KnownLabels(50, 900, 4), "probability", "50 known frauds"),
    ],
)
def test_the_kind_of_score_follows_from_what_is_known(known: KnownLabels | None, kind: str, words: str) -> None:
    decision = decide_score_kind(known)
    assert decision.kind == kind
    assert words in decision.why
