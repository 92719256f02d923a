"""The models of others: nothing that they learn from is known later than they may know it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.boosters import BOOSTERS, CONFIGURATIONS, Booster, tune
from benchmarks.quality.classical import complete, fit_classical
from benchmarks.quality.handbook import handbook_features
from benchmarks.quality.online import prequential
from benchmarks.quality.payments import Payments
from benchmarks.quality.protocol import TRAINED, split, start_of
from detectors.evaluation.scored import DAY
from tests.unit.benchmarks.quality import worlds

START = start_of(worlds.TRAIN_START)


@pytest.fixture
def payments(tmp_path: Path) -> Payments:
    return worlds.payments(tmp_path)


def forgetting(payments: Payments, since: int) -> Payments:
    return replace(payments, fraud=payments.fraud & (payments.time < since))


def test_the_online_model_knows_a_label_a_week_after_its_payment(payments: Payments) -> None:
    features, weeks = handbook_features(payments), split(payments, START)
    said = prequential(features, payments, weeks)
    asked = payments.time[weeks.evaluated]
    forgotten = START + TRAINED + TRAINED // 2
    blind = prequential(features, forgetting(payments, forgotten), weeks)
    before = asked < forgotten + TRAINED
    assert np.array_equal(said[before], blind[before])
    assert not np.array_equal(said, blind)


@pytest.mark.parametrize("booster", BOOSTERS)
def test_a_booster_is_chosen_and_fitted_without_later_labels(payments: Payments, booster: Booster) -> None:
    features, weeks = handbook_features(payments), split(payments, START)
    earlier = [split(payments, START - 3 * DAY)]
    tuned = tune(booster, features, payments, weeks, [], configurations=2)
    again = tune(booster, features, forgetting(payments, weeks.trained_until), weeks, [], configurations=2)
    assert np.array_equal(tuned.score, again.score)
    assert len(tune(booster, features, payments, weeks, earlier, configurations=3).trials) == 3


def test_boosters_are_tried_in_thirty_configurations() -> None:
    assert CONFIGURATIONS >= 30


def test_usual_models_see_the_training_week_alone(payments: Payments) -> None:
    features, weeks = handbook_features(payments), split(payments, START)
    told = fit_classical(features, payments, weeks)
    again = fit_classical(features, forgetting(payments, weeks.trained_until), weeks)
    assert {name: score.tolist() for name, score in told.items()} == {
        name: score.tolist() for name, score in again.items()
    }


def test_missing_values_are_filled_and_marked() -> None:
    reference = np.array([[1.0, np.nan, 7.0], [3.0, 5.0, 7.0], [2.0, 6.0, 7.0]])
    assert complete(reference, reference).tolist() == [[1.0, 5.5, 1.0], [3.0, 5.0, 0.0], [2.0, 6.0, 0.0]]
