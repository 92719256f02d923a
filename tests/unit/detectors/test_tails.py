import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.tails import fit_tail, score_at, strangeness


def test_the_tail_of_reference_scores_is_their_share() -> None:
    reference = np.arange(10_000.0)
    fitted = fit_tail(reference)
    assert fitted is not None
    found = np.exp(-strangeness(np.array([0.0, 5_000.0, 9_000.0, 9_990.0, 9_999.0]), fitted))
    assert found == pytest.approx([1.0, 0.5, 0.1, 0.001, 0.0001], rel=0.05)


def test_beyond_the_reference_an_exponential_tail_goes_on() -> None:
    fitted = fit_tail(np.random.default_rng(0).exponential(2.0, 50_000))
    assert fitted is not None
    assert np.exp(-strangeness(np.array([30.0]), fitted))[0] == pytest.approx(np.exp(-15.0), rel=3)


@settings(max_examples=50)
@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60),
    st.lists(st.floats(-2e3, 2e3), min_size=2, max_size=30),
)
def test_a_higher_score_is_never_less_strange(reference: list[float], scores: list[float]) -> None:
    fitted = fit_tail(np.array(reference))
    assert fitted is not None
    found = strangeness(np.sort(np.array(scores)), fitted)
    assert (found >= 0).all()
    assert (np.diff(found) >= -1e-9).all()


def test_strangeness_ends_where_a_tail_would_no_longer_be_a_number() -> None:
    fitted = fit_tail(np.linspace(0.0, 1e-3, 1_000))
    assert fitted is not None
    assert np.exp(-strangeness(np.array([1e9]), fitted))[0] > 0


def test_what_cannot_speak_stays_silent() -> None:
    fitted = fit_tail(np.array([1.0, np.nan, 2.0]))
    assert fitted is not None
    assert np.isnan(strangeness(np.array([np.nan]), fitted)).all()


def test_nothing_to_learn_from_gives_no_curve() -> None:
    assert fit_tail(np.array([np.nan, np.nan])) is None


def test_scores_that_are_all_equal_still_give_a_curve() -> None:
    fitted = fit_tail(np.full(50, 3.0))
    assert fitted is not None
    assert strangeness(np.array([2.0, 3.0, 4.0]), fitted).tolist() == [0.0, 0.0, 1.0]


@settings(max_examples=30)
@given(st.floats(0.001, 12.0))
def test_reading_the_curve_backwards_gives_the_score_again(value: float) -> None:
    fitted = fit_tail(np.random.default_rng(1).normal(size=2_000))
    assert fitted is not None
    assert strangeness(np.array([score_at(value, fitted)]), fitted)[0] == pytest.approx(value, rel=1e-9)
