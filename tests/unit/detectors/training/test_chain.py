"""Scores for the stack to learn from: each by a model that knows earlier days only."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.training.chain import GROUPS, LEAST_FRAUDS, out_of_fold

Mask = NDArray[np.bool_]
DAY, ROWS = 20_000, 40


class Recording:
    """A fit that notes what it was given, and scores every row with the number of the fit."""

    def __init__(self) -> None:
        self.fitted: list[Mask] = []
        self.scored: list[Mask] = []

    def __call__(self, earlier: Mask) -> Callable[[Mask], NDArray[np.float64]]:
        self.fitted.append(earlier.copy())
        number = float(len(self.fitted))

        def score(later: Mask) -> NDArray[np.float64]:
            self.scored.append(later.copy())
            return np.full(int(later.sum()), number)

        return score


def window(days: int, frauds: int = 4) -> tuple[NDArray[np.int64], Mask, Mask]:
    """So many days of forty rows, some frauds at the start of each; one row in eight has no label."""
    each = np.repeat(np.arange(DAY, DAY + days), ROWS)
    place = np.tile(np.arange(ROWS), days)
    return each, place < frauds, (place < frauds) | (place % 8 != 7)


@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.booleans()), min_size=1, max_size=30).map(sorted),
)
def test_no_model_has_seen_the_day_it_scores_or_a_later_one(rows: list[tuple[int, bool, bool]]) -> None:
    days = np.array([day for day, _, _ in rows], dtype=np.int64)
    frauds = np.array([fraud and labelled for _, fraud, labelled in rows], dtype=np.bool_)
    labelled = np.array([labelled for _, _, labelled in rows], dtype=np.bool_)
    fit = Recording()
    scores = out_of_fold(days, frauds, labelled, fit)
    for fitted, scored in zip(fit.fitted, fit.scored, strict=True):
        assert days[fitted].max() < days[scored].min()
        assert labelled[fitted].all()
    assert np.isnan(scores).tolist() == (~np.any([*fit.scored, np.zeros_like(labelled)], axis=0)).tolist()


def test_days_are_never_split() -> None:
    days, frauds, labelled = window(11)
    fit = Recording()
    scores = out_of_fold(days, frauds, labelled, fit)
    for day in np.unique(days):
        assert len(np.unique(scores[days == day])) == 1


def test_a_model_is_fitted_on_every_labelled_row_of_the_days_before() -> None:
    days, frauds, labelled = window(12)
    fit = Recording()
    out_of_fold(days, frauds, labelled, fit)
    for fitted, scored in zip(fit.fitted, fit.scored, strict=True):
        assert (fitted == (labelled & (days < days[scored].min()))).all()


def test_every_row_after_the_first_days_is_scored_once_also_without_a_label() -> None:
    days, frauds, labelled = window(12)
    fit = Recording()
    scores = out_of_fold(days, frauds, labelled, fit)
    assert len(fit.fitted) == GROUPS - 1 - 1, "two days with four frauds each are too few"
    first = np.flatnonzero(~np.isnan(scores))[0]
    assert not np.isnan(scores[first:]).any()
    assert np.sum(fit.scored, axis=0).max() == 1


@pytest.mark.parametrize(("frauds", "first"), [(LEAST_FRAUDS, 1), (LEAST_FRAUDS // 2, 2), (LEAST_FRAUDS // 5, 5)])
def test_scoring_begins_once_enough_frauds_came_before(frauds: int, first: int) -> None:
    days, fraud, labelled = window(6, frauds)
    scores = out_of_fold(days, fraud, labelled, Recording())
    assert days[~np.isnan(scores)].min() == DAY + first


def test_without_enough_frauds_nothing_is_scored() -> None:
    days, _, labelled = window(6)
    assert np.isnan(out_of_fold(days, np.zeros(len(days), dtype=np.bool_), labelled, Recording())).all()


@pytest.mark.parametrize("days", [1, 2, 3])
def test_a_few_days_are_cut_as_far_as_they_go(days: int) -> None:
    each, frauds, labelled = window(days, LEAST_FRAUDS)
    fit = Recording()
    scores = out_of_fold(each, frauds, labelled, fit)
    assert len(fit.fitted) == days - 1
    assert np.isnan(scores).sum() == ROWS
