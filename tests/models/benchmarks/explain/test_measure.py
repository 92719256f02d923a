"""Facts about the figures of `python -m benchmarks.explain`, on a few alerts."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.explain.__main__ import OfKind, Report, in_words
from benchmarks.explain.alerts import Alerts
from benchmarks.explain.explainers import Explained, ours, stock
from benchmarks.explain.measure import Figures, measure
from detectors.explanation.local import explain_locally
from stream.backtest import backtest
from stream.stages.assess import publishes_alert
from tests.pipeline.traffic import enriched, small_bundle


@cache
def alerts() -> Alerts:
    assessed = [each for fold in backtest(enriched(3000), small_bundle(), 2) for each in fold.assessments]
    return Alerts(small_bundle(), [each for each in assessed if publishes_alert(each)], len(assessed))


@cache
def measured() -> Figures:
    return measure(alerts(), ours(alerts().bundle, 500), 10)


def test_what_we_promise_of_an_explanation_holds() -> None:
    """But for the time, which is the machine's."""
    assert measured().alerts == 10
    assert measured().r2_mean >= 0.7
    assert measured().top3_stable >= 0.9
    assert measured().deletion_wins >= 0.9
    assert measured().ms_mean > 0.0


def test_stock_lime_is_measured_on_the_same_function() -> None:
    explained = stock(alerts().bundle)(alerts().rows[0], 1)
    assert 0.0 < explained.r2 <= 1.0
    assert len(explained.leading) == 3
    assert explained == stock(alerts().bundle)(alerts().rows[0], 1), "a seed repeats it"


def leading(places: tuple[int, ...]) -> object:
    return lambda row, seed: Explained(1.0, None, places)


def test_stability_is_of_sets_and_leaders() -> None:
    def shuffled(row: NDArray[np.float64], seed: int) -> Explained:
        return Explained(1.0, None, (0, 1, 2) if seed % 2 else (1, 0, 2))

    def other(row: NDArray[np.float64], seed: int) -> Explained:
        return Explained(1.0, None, (seed, 10, 11))

    assert (measure(alerts(), shuffled, 3).top3_stable, measure(alerts(), shuffled, 3).leader_stable) == (1.0, 0.0)
    assert measure(alerts(), other, 3).top3_stable == 0.0


def test_features_that_lower_the_risk_lose_the_deletion() -> None:
    weights = explain_locally(alerts().rows[0], alerts().bundle, seed=1).fused.weights
    calming = tuple(place for place, _ in sorted(weights, key=lambda each: each[1])[:3])
    assert measure(alerts(), leading(calming), 1).deletion_wins < 0.3


@pytest.mark.parametrize("prefix", ["", "stock_"])
def test_the_report_has_the_keys_that_are_asked_for(prefix: str) -> None:
    kind = OfKind(
        payments=3000,
        alerts=10,
        ours=measured(),
        stock=measured(),
        stock_continuous=measured(),
        by_samples={"500": measured()},
    )
    names = ("ms_mean", "r2_mean", "top3_stable", "deletion_wins")
    values = {f"{each}{name}": getattr(measured(), name) for each in ("", "stock_") for name in names}
    report = Report(**values, samples=500, kinds={"probability": kind})
    assert all(hasattr(report, f"{prefix}{name}") for name in names)
    assert "10 alerts that a backtest raised on 3,000 simulated payments" in in_words(report)
