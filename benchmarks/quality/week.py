"""Measures the results of one training week, and pools several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.boosters import BOOSTERS
from benchmarks.quality.figures import Evaluated, Figures, Measured, evaluated, rounded, rounded_interval
from benchmarks.quality.jobs import Said
from benchmarks.quality.ours import KINDS, Kind
from benchmarks.quality.payments import Payments
from benchmarks.quality.protocol import Split
from benchmarks.quality.published import PUBLISHED, PUBLISHED_START, as_published
from benchmarks.quality.report import Counts, Detectors, Gain, Learned, Pooled, Week
from benchmarks.quality.run import Results
from detectors.assessment import DETECTORS
from detectors.evaluation.scored import moment

ALONE: Final = {
    "zscore": "zscore",
    "kmeans": "kmeans",
    "isolation_forest": "isolation_forest_ours",
    "logistic": "logistic_ours",
}
"""Our detectors among the models: without the suffix two would be taken for the usual models."""
AVERAGED: Final = ("ap", "auc", "cp100", "brier", "calibration_slope", "mean_p_to_rate")


@dataclass(frozen=True, eq=False)
class MeasuredWeek:
    """A week's report, and what it takes to pool it with others."""

    week: Week
    models: dict[str, Measured]
    detectors: dict[Kind, dict[str, Measured]]


def measure_week(payments: Payments, weeks: Split, results: Results) -> MeasuredWeek:
    """Measure everything that was said of the evaluated payments."""
    judge = evaluated(payments, weeks)
    models, detectors = _measured(judge, weeks, results)
    oracle, rarity = judge.perfect(), models["label_free"].figures.ap
    day = moment(weeks.start).date()
    week = Week(
        train_start=day.isoformat(),
        counts=_counts(payments, weeks, judge),
        models={name: measured.figures for name, measured in models.items()},
        reproduced={name: as_published(*judge.ranked(score)) for name, score in results.published.items()},
        published=PUBLISHED if day == PUBLISHED_START else {},
        oracle_1_3=rounded(oracle),
        label_free_to_oracle=rounded(rarity / oracle) if rarity is not None and oracle else None,
        better_booster=_better({name: models[name].figures.ap for name in BOOSTERS}),
        labelled_minus_booster={name: _gain([models["labelled"]], [models[name]]) for name in BOOSTERS},
        detectors={kind: _detectors(models[kind], detectors[kind]) for kind in KINDS},
        kmeans_partitions={
            str(count): rounded(judge.average_precision(score[_places(weeks)]))
            for count, score in results.said["labelled"].kmeans.items()
        },
        known_frauds=results.known,
        learned={kind: _learned(said) for kind, said in results.said.items()},
        trials={name: tuned.trials for name, tuned in results.boosters.items()},
    )
    return MeasuredWeek(week, models, detectors)


def pool(weeks: Sequence[MeasuredWeek]) -> Pooled:
    """What several weeks say together."""
    models = {name: [week.models[name] for week in weeks] for name in weeks[0].models}
    ratios = [week.week.label_free_to_oracle for week in weeks]
    means = {name: _means([each.figures for each in found]) for name, found in models.items()}
    return Pooled(
        train_starts=tuple(week.week.train_start for week in weeks),
        means=means,
        recall_at_1pct={name: _pooled_recall(found) for name, found in models.items()},
        label_free_to_oracle=_mean(ratios),
        better_booster=_better({name: means[name].get("ap") for name in BOOSTERS}),
        labelled_minus_booster={name: _gain(models["labelled"], models[name]) for name in BOOSTERS},
        fused_minus_detector={
            kind: {name: _gain(models[kind], [week.detectors[kind][name] for week in weeks]) for name in DETECTORS}
            for kind in KINDS
        },
    )


def _measured(
    judge: Evaluated, weeks: Split, results: Results
) -> tuple[dict[str, Measured], dict[Kind, dict[str, Measured]]]:
    """All models by name, and our detectors by kind of score."""
    # Each week draws its own resamples, the same for every score of the week.
    seed, at = weeks.start // 1_000_000, _places(weeks)
    models: dict[str, Measured] = {}
    for kind, said in results.said.items():
        honest = said.manifest.score_kind == "probability"
        models[kind] = judge.figures(said.score[at] / 100.0, probability=honest, seed=seed)
    told = {name: tuned.score for name, tuned in results.boosters.items()} | results.river | results.usual
    for name, score in told.items():
        honest = not name.endswith("isolation_forest")
        models[name] = judge.figures(score, probability=honest, seed=seed)
    detectors = {
        kind: {
            name: judge.figures(said.detectors[at, column], probability=False, seed=seed)
            for column, name in enumerate(DETECTORS)
        }
        for kind, said in results.said.items()
    }
    models |= {ALONE[name]: measured for name, measured in detectors["labelled"].items()}
    return models, detectors


def _places(weeks: Split) -> NDArray[np.int64]:
    """Where the evaluated payments are in the test week, (m,)."""
    places: NDArray[np.int64] = weeks.evaluated - weeks.test.start
    return places


def _counts(payments: Payments, weeks: Split, judge: Evaluated) -> Counts:
    return Counts(
        trained=weeks.train.stop - weeks.train.start,
        trained_frauds=int(payments.fraud[weeks.train].sum()),
        tested=weeks.test.stop - weeks.test.start,
        evaluated=len(weeks.evaluated),
        frauds=int(judge.fraud.sum()),
    )


def _detectors(fused: Measured, alone: Mapping[str, Measured]) -> Detectors:
    ap = {name: measured.figures.ap for name, measured in alone.items()}
    best = _better(ap)
    return Detectors(ap=ap, best=best, fused_minus_best=_gain([fused], [alone[best]]))


def _learned(said: Said) -> Learned:
    manifest = said.manifest
    return Learned(
        bundle=manifest.version,
        arrays_sha256=manifest.arrays_sha256,
        score_kind=manifest.score_kind,
        why=manifest.why,
    )


def _better(ap: Mapping[str, float | None]) -> str:
    return max(ap, key=lambda name: -1.0 if ap[name] is None else ap[name] or 0.0)


def _gain(first: Sequence[Measured], second: Sequence[Measured]) -> Gain | None:
    """Mean over weeks of the paired difference."""
    differences = [
        a.figures.ap - b.figures.ap
        for a, b in zip(first, second, strict=True)
        if a.figures.ap is not None and b.figures.ap is not None
    ]
    if len(differences) < len(first):
        return None
    draws: NDArray[np.float64] = np.mean([a.draws - b.draws for a, b in zip(first, second, strict=True)], axis=0)
    return Gain(round(float(np.mean(differences)), 6), rounded_interval(draws))


def _means(weeks: Sequence[Figures]) -> dict[str, float]:
    means = {name: _mean([getattr(figures, name) for figures in weeks]) for name in AVERAGED}
    return {name: mean for name, mean in means.items() if mean is not None}


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean, None if any value is missing."""
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 6) if known and len(known) == len(values) else None


def _pooled_recall(weeks: Sequence[Measured]) -> dict[str, float]:
    recalls = {}
    for name in weeks[0].reached:
        total = sum(week.reached[name][1] for week in weeks)
        if total:
            recalls[name] = round(sum(week.reached[name][0] for week in weeks) / total, 6)
    return recalls
