"""The order of additions is part of the result: few payments and many give the same bits."""

import numpy as np
import pytest

from detectors import adding
from detectors.adding import add_up, add_up_by

RNG = np.random.default_rng(3)
TERMS = RNG.normal(size=(52, 500)) * 10.0 ** RNG.integers(-9, 9, size=(52, 500))
PLACES = RNG.integers(0, 22, size=52).tolist()


def one_by_one(terms: np.ndarray, start: float = 0.0) -> list[float]:
    totals = []
    for column in terms.T.tolist():
        total = start
        for term in column:
            total += term
        totals.append(total)
    return totals


@pytest.mark.parametrize("count", [1, 2, adding._FEW, adding._FEW + 1, 500])
def test_a_sum_is_that_of_its_own_terms_in_order_however_many_stand_beside_it(count: int) -> None:
    assert add_up(TERMS[:, :count]).tolist() == one_by_one(TERMS[:, :count])
    assert add_up(TERMS[:, :count], 0.1).tolist() == one_by_one(TERMS[:, :count], 0.1)


@pytest.mark.parametrize("count", [1, 2, adding._FEW, adding._FEW + 1, 500])
def test_terms_of_one_place_are_added_in_order(count: int) -> None:
    sums = add_up_by(PLACES, TERMS[:, :count], 22)
    for place in range(22):
        assert sums[place].tolist() == one_by_one(TERMS[np.array(PLACES) == place][:, :count])


def test_each_column_may_start_from_a_number_of_its_own() -> None:
    start = RNG.normal(size=3)
    assert add_up(TERMS[:, :3], start).tolist() == [
        one_by_one(TERMS[:, [column]], start[column])[0] for column in range(3)
    ]


@pytest.mark.parametrize("count", [1, 500])
def test_nothing_but_negative_zeros_adds_up_to_zero(count: int) -> None:
    zeros = np.full((4, count), -0.0)
    assert not np.signbit(add_up(zeros)).any()
    assert not np.signbit(add_up_by([0, 0, 1, 1], zeros, 2)).any()
