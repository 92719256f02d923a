from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.evaluation.scored import DAY
from detectors.evaluation.workload import LARGEST_SHARE, workloads
from tests.unit.detectors.evaluation.payments import START, scored


def four_days(count: int = 4001) -> np.ndarray:
    """Event times that take exactly four days."""
    return START + np.arange(count) * (4 * DAY) // (count - 1)


def test_alerts_a_day_are_the_payments_reached_over_the_days() -> None:
    found = workloads(scored(4001, time=four_days(), score=np.arange(4001) / 41))
    assert [one.reach.payments for one in found][:5] == [1, 2, 3, 4, 6]
    assert [one.alerts_a_day for one in found][:5] == [0.25, 0.5, 0.75, 1.0, 1.5]
    assert found[0].least_score == 4000 / 41


def test_equal_scores_are_one_point_that_says_what_it_really_reaches() -> None:
    found = workloads(scored(1000, score=np.repeat([90.0, 10.0], [50, 950])))
    assert [(one.least_score, one.reach.payments) for one in found] == [(90.0, 50)]


def test_a_customer_is_bothered_by_a_genuine_payment_unless_a_fraud_of_theirs_is_found() -> None:
    score = np.zeros(1000)
    score[:4] = 90.0
    label = np.zeros(1000)
    label[0] = 1
    # Account 0 is defrauded and also bothered; 1 is bothered twice; 2 is nobody's business any more.
    payments = scored(1000, score=score, label=label, account=[0, 0, 1, 1, *[2] * 996])
    found = workloads(payments)[-1]
    assert (found.reach.payments, found.reach.frauds) == (4, 1)
    assert found.genuine_customers == 1


def test_a_customer_counts_again_on_another_day() -> None:
    score = np.zeros(4001)
    score[[0, 1, 4000]] = 90.0
    found = workloads(scored(4001, time=four_days(), score=score, label=np.zeros(4001), account=np.ones(4001)))
    assert found[-1].genuine_customers == 1
    assert found[-1].genuine_customers_a_day == pytest.approx(2 / 4)


def test_without_labels_nobody_is_called_genuine() -> None:
    found = workloads(scored(1000, score=np.arange(1000)))
    assert found[0].genuine_customers is None
    assert found[0].genuine_customers_a_day is None
    assert found[0].reach.value_detected is None


def test_without_payments_there_is_no_trade_off() -> None:
    assert workloads(scored(0)) == ()


@given(st.lists(st.integers(0, 30), min_size=1, max_size=400), st.integers(1, 3))
def test_more_alerts_never_find_less(scores: list[int], step: int) -> None:
    frauds = np.arange(len(scores)) % (step + 1) == 0
    found = workloads(scored(len(scores), score=scores, label=frauds))
    for fewer, more in pairwise(found):
        assert fewer.least_score > more.least_score
        assert fewer.alerts_a_day < more.alerts_a_day
        assert fewer.reach.frauds <= more.reach.frauds
    assert all(1 <= one.reach.payments <= LARGEST_SHARE * len(scores) for one in found)
