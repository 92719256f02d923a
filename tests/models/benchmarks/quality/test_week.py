from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.quality.boosters import Trial, Tuned
from benchmarks.quality.figures import evaluated
from benchmarks.quality.jobs import Run, assess_with
from benchmarks.quality.known import KnownFrauds
from benchmarks.quality.ours import KINDS
from benchmarks.quality.protocol import start_of
from benchmarks.quality.run import Results
from benchmarks.quality.week import MeasuredWeek, measure_week, pool
from tests.unit.benchmarks.quality import worlds

TRIED = (Trial(7, {}, ()),)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> MeasuredWeek:
    """A week in which LightGBM is right about everything, and everybody else guesses."""
    folder = tmp_path_factory.mktemp("week")
    run = Run(worlds.write(folder / "world.parquet", worlds.table()), start_of(worlds.TRAIN_START), folder)
    weeks, said = run.weeks, assess_with(run, "label_free")
    guess = np.random.default_rng(0).random(len(weeks.evaluated))
    right = np.where(run.payments.fraud[weeks.evaluated], 0.9, 0.01)
    results = Results(
        said=dict.fromkeys(KINDS, said),
        published={"decision_tree": guess},
        usual={"isolation_forest": guess},
        boosters={
            name: Tuned(score, (Trial(7, {}, ()),)) for name, score in (("lightgbm", right), ("xgboost", guess))
        },
        river={"river": guess},
        known=(KnownFrauds(asked=0, known=0, ap=None, ap_interval=None, score_kind="rarity"),),
    )
    return measure_week(run.payments, weeks, results)


def test_the_booster_that_ranks_better_is_the_one_to_beat(measured: MeasuredWeek) -> None:
    week = measured.week
    assert week.better_booster == "lightgbm"
    ours = week.models["labelled"].ap
    gain = week.labelled_minus_booster["lightgbm"]
    assert ours is not None
    assert gain is not None
    assert gain.difference == pytest.approx(ours - 1.0)
    assert gain.interval is not None
    assert gain.interval.low <= gain.difference <= gain.interval.high


def test_what_is_no_probability_is_not_judged_as_one(measured: MeasuredWeek) -> None:
    models = measured.week.models
    assert models["label_free"].brier is models["isolation_forest"].brier is None
    assert models["river"].brier is not None


def test_weeks_that_are_alike_are_their_own_mean(measured: MeasuredWeek) -> None:
    pooled = pool([measured, measured])
    assert pooled.means["river"]["ap"] == pytest.approx(measured.models["river"].figures.ap)
    assert pooled.labelled_minus_booster == measured.week.labelled_minus_booster
    assert pooled.recall_at_1pct["lightgbm"] == measured.models["lightgbm"].figures.recall_at_1pct


def test_the_report_is_json_with_numbers_or_null(measured: MeasuredWeek) -> None:
    document = msgspec.json.decode(msgspec.json.encode(measured.week))
    assert document["models"]["label_free"]["brier"] is None
    assert set(document["models"]["lightgbm"]) >= {"ap", "auc", "cp100", "brier", "recall_at_1pct"}


def test_scores_of_one_week_are_resampled_alike(tmp_path: Path) -> None:
    run = Run(worlds.write(tmp_path / "world.parquet", worlds.table()), start_of(worlds.TRAIN_START), tmp_path)
    judge = evaluated(run.payments, run.weeks)
    score = np.random.default_rng(1).random(len(run.weeks.evaluated))
    once, again = (judge.figures(score, probability=False, seed=5).draws for _ in range(2))
    assert np.array_equal(once, again)
