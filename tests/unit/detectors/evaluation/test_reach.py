import numpy as np
import pytest

from detectors.evaluation.reach import budget_reaches, level_reaches, reach
from detectors.thresholds import Budgets
from tests.unit.detectors.evaluation.payments import scored


def test_precision_recall_and_value_are_of_labelled_payments() -> None:
    payments = scored(6, label=[1, 1, 0, 0, -1, -1], amount=[30.0, 10.0, 1.0, 1.0, 500.0, 500.0])
    found = reach(payments, np.array([True, False, True, False, True, False]))
    assert (found.payments, found.labelled, found.frauds, found.share) == (3, 2, 1, 0.5)
    assert (found.precision, found.recall, found.false_positive_rate) == (0.5, 0.5, 0.5)
    assert found.value_detected == 0.75


def test_without_labels_only_shares_are_told() -> None:
    found = reach(scored(4), np.array([True, False, False, False]))
    assert found.share == 0.25
    assert (found.precision, found.recall, found.value_detected) == (None, None, None)


def test_an_amount_without_a_rate_counts_nothing() -> None:
    payments = scored(2, label=[1, 1], amount=[np.nan, 5.0])
    assert reach(payments, np.array([True, False])).value_detected == 0.0


def test_a_budget_reaches_the_highest_scores_and_all_that_equal_the_last() -> None:
    payments = scored(1000, score=np.repeat(np.arange(500.0), 2), label=np.r_[np.zeros(998), 1, 0])
    first = budget_reaches(payments)[0]
    assert (first.budget, first.least_score, first.reach.payments) == (0.001, 499.0, 2)
    assert (first.reach.precision, first.reach.recall) == (0.5, 1.0)


def test_a_budget_below_one_payment_is_left_out() -> None:
    assert [one.budget for one in budget_reaches(scored(100))] == [0.01, 0.02, 0.05, 0.1]


def test_levels_are_told_alone_and_upwards_beside_their_budget() -> None:
    low, medium, high, critical = level_reaches(scored(10, level=[0] * 5 + [1] * 3 + [2, 3]), Budgets())
    assert [one.at.payments for one in (low, medium, high, critical)] == [5, 3, 1, 1]
    assert [one.upwards.share for one in (low, medium, high, critical)] == [1.0, 0.5, 0.2, 0.1]
    assert [one.budget for one in (low, medium, high, critical)] == [None, 0.02, 0.005, 0.001]


def test_money_is_not_counted_twice_where_levels_meet() -> None:
    payments = scored(4, level=[0, 1, 2, 3], label=[1, 1, 1, 1])
    assert [one.upwards.value_detected for one in level_reaches(payments, Budgets())] == pytest.approx(
        [1.0, 0.75, 0.5, 0.25]
    )
