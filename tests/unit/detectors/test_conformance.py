from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.detectors.conformance import CHECKS, Rows, Subject, detectors_of, does_not_depend_on_batches
from tests.unit.detectors.histories import probability_bundle, rows

NAMES = ("zscore", "kmeans", "isolation_forest", "logistic")


def subject(name: str) -> Subject:
    return {found.name: found for found in detectors_of(probability_bundle())}[name]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_every_detector(name: str, check: Callable[[Subject, Rows], None]) -> None:
    check(subject(name), rows(300))


@pytest.mark.parametrize("name", NAMES)
def test_every_detector_scores_nothing_to_nothing(name: str) -> None:
    assert subject(name).step(rows(1)[:0], None)[0].shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_one_by_one_equals_a_batch(name: str) -> None:
    does_not_depend_on_batches(subject(name), rows(60), list(range(1, 60)))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_batch_borders_change_no_bit(name: str, cuts: list[int]) -> None:
    does_not_depend_on_batches(subject(name), rows(200), cuts)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_scores_the_same_in_any_memory_layout(name: str) -> None:
    turned = np.asfortranarray(rows(50))
    assert subject(name).step(turned, None)[0].tobytes() == subject(name).step(rows(50), None)[0].tobytes()
