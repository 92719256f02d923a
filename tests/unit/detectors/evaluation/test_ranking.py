import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from detectors.evaluation.ranking import (
    average_precision,
    interval_of,
    resampled_average_precision,
    roc_auc,
)

ranked = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40).filter(
    lambda rows: len({fraud for _, fraud in rows}) == 2
)


@settings(max_examples=25, deadline=None)
@given(ranked)
def test_both_are_scikit_learns_with_ties_too(rows: list[tuple[int, bool]]) -> None:
    score, frauds = np.array([s for s, _ in rows], dtype=np.float64), np.array([f for _, f in rows])
    assert average_precision(score, frauds) == pytest.approx(average_precision_score(frauds, score))
    assert roc_auc(score, frauds) == pytest.approx(roc_auc_score(frauds, score))


@pytest.mark.parametrize("frauds", [[True, True], [False, False], []])
def test_one_sort_of_payments_cannot_be_ranked(frauds: list[bool]) -> None:
    score, known = np.zeros(len(frauds)), np.array(frauds, dtype=np.bool_)
    assert average_precision(score, known) is None
    assert roc_auc(score, known) is None


def test_a_resample_is_the_average_precision_of_its_repeated_rows() -> None:
    """The weights of the bootstrap do what copying rows of drawn accounts would do."""
    rng = np.random.default_rng(3)
    account, score = rng.integers(0, 12, 200).astype(np.int32), np.round(rng.random(200), 1)
    frauds = rng.random(200) < 0.3
    found = resampled_average_precision([score], account, frauds, seed=5, resamples=4)
    drawn = np.random.default_rng(5)
    for value in found[:, 0]:
        times = drawn.multinomial(12, [1 / 12] * 12)[account]
        rows = np.repeat(np.arange(200), times)
        assert value == pytest.approx(average_precision_score(frauds[rows], score[rows]))


def test_the_same_seed_draws_the_same_accounts_for_every_score() -> None:
    rng = np.random.default_rng(1)
    account, score, frauds = np.arange(50, dtype=np.int32), rng.random(50), rng.random(50) < 0.4
    both = resampled_average_precision([score, score], account, frauds)
    assert np.array_equal(both[:, 0], both[:, 1])
    assert np.array_equal(both, resampled_average_precision([score, score], account, frauds))


def test_whole_accounts_are_drawn_so_their_number_bounds_certainty() -> None:
    """Ten copies of a payment in one account say no more than one."""
    rng = np.random.default_rng(2)
    score, frauds, account = rng.random(60), rng.random(60) < 0.3, np.arange(60, dtype=np.int32)
    once = resampled_average_precision([score], account, frauds)
    often = resampled_average_precision([np.repeat(score, 10)], np.repeat(account, 10), np.repeat(frauds, 10))
    assert often == pytest.approx(once)


def test_resamples_without_a_fraud_are_left_out_of_the_interval() -> None:
    account = np.array([0, 1], dtype=np.int32)
    found = resampled_average_precision([np.array([1.0, 0.0])], account, np.array([True, False]))
    assert np.isnan(found).any()
    interval = interval_of(found[:, 0])
    assert interval is not None
    assert (interval.low, interval.high) == (1.0, 1.0)
    assert interval_of(np.array([np.nan])) is None
