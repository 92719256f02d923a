"""LightGBM and XGBoost, tuned by a seeded random search on earlier weeks: what our score has to stand beside.

A configuration includes how many days of labelled payments to learn from, so that a booster may use more history
than the training week. The week that is tested takes no part in any choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
import numpy as np
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from xgboost import XGBClassifier

from benchmarks.quality.figures import DIGITS, evaluated
from benchmarks.quality.payments import Payments
from benchmarks.quality.protocol import Split
from detectors.evaluation.scored import DAY
from detectors.training.columns import spread

Booster = Literal["lightgbm", "xgboost"]
BOOSTERS: Final[tuple[Booster, ...]] = ("lightgbm", "xgboost")
CONFIGURATIONS: Final = 30
FINALISTS: Final = 8
"""Configurations that are tried on every earlier week; the others only on the latest of them."""
SEED: Final = 0
LEARNED_DAYS: Final = (7, 14, 28, 56)
BINS: Final = 1_023
"""Of each feature. With the usual 256, which XGBoost weighs, the few large amounts all fall into one."""
GENUINE_ROWS: Final = 60_000
"""More genuine payments than this are thinned evenly and weighted up."""


class Trial(msgspec.Struct, frozen=True):
    """A configuration, and its average precision in the test weeks of earlier training weeks, latest first."""

    days: int
    """Of labelled payments up to the end of the training week."""
    parameters: dict[str, float]
    earlier_ap: tuple[float, ...]

    @property
    def rank(self) -> tuple[int, float]:
        """Tried on more weeks first, then by the mean."""
        return len(self.earlier_ap), float(np.mean(self.earlier_ap)) if self.earlier_ap else 0.0


@dataclass(frozen=True, eq=False)
class Tuned:
    """The chosen configuration and what it says."""

    score: NDArray[np.float64]
    """(m,) probabilities of the evaluated payments."""
    trials: tuple[Trial, ...]
    """Best first."""


def tune(
    booster: Booster,
    features: NDArray[np.floating[Any]],
    payments: Payments,
    weeks: Split,
    earlier: Sequence[Split],
    configurations: int = CONFIGURATIONS,
) -> Tuned:
    """Search on `earlier` weeks, latest first, and fit the best on `weeks`; `features` (n, d), NaN is missing."""
    bench = _Bench(booster, features, payments)
    drawn = [_draw(booster, np.random.default_rng([SEED, number])) for number in range(configurations)]
    trials = [bench.tried(trial, earlier[:1]) for trial in drawn]
    trials.sort(key=lambda trial: trial.rank, reverse=True)
    finalists = [bench.tried(trial, earlier[1:]) for trial in trials[:FINALISTS]]
    trials = sorted([*finalists, *trials[FINALISTS:]], key=lambda trial: trial.rank, reverse=True)
    return Tuned(bench.score(trials[0], weeks), tuple(trials))


@dataclass(frozen=True, eq=False)
class _Bench:
    """What configurations are tried on."""

    booster: Booster
    features: NDArray[np.floating[Any]]
    payments: Payments

    def tried(self, trial: Trial, weeks: Sequence[Split]) -> Trial:
        """Return the trial with the figures of further weeks."""
        found = [evaluated(self.payments, week).average_precision(self.score(trial, week)) for week in weeks]
        known = [round(ap, DIGITS) for ap in found if ap is not None]
        return msgspec.structs.replace(trial, earlier_ap=(*trial.earlier_ap, *known))

    def score(self, trial: Trial, weeks: Split) -> NDArray[np.float64]:
        """Fit on what is labelled by the end of the training week, and say how likely each evaluated fraud is."""
        rows, weights = _learned(self.payments, weeks, trial.days)
        model = _model(self.booster, trial.parameters)
        model.fit(self.features[rows], self.payments.fraud[rows], sample_weight=weights)
        probabilities: NDArray[np.float64] = model.predict_proba(self.features[weeks.evaluated])[:, 1]
        return probabilities.astype(np.float64)


def _learned(payments: Payments, weeks: Split, days: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Positions and weights of the payments of the last `days` days to the end of the training week."""
    first = int(np.searchsorted(payments.time, weeks.trained_until - days * DAY))
    frauds = payments.fraud[first : weeks.train.stop]
    genuine = np.flatnonzero(~frauds)
    kept = genuine[spread(len(genuine), GENUINE_ROWS)]
    rows = np.sort(np.concatenate([np.flatnonzero(frauds), kept]))
    return rows + first, np.where(frauds[rows], 1.0, len(genuine) / max(len(kept), 1))


def _draw(booster: Booster, generator: np.random.Generator) -> Trial:
    """Draw one configuration."""

    def one_of(values: Sequence[float]) -> float:
        return values[int(generator.integers(len(values)))]

    def between(low: float, high: float) -> float:
        return round(float(np.exp(generator.uniform(np.log(low), np.log(high)))), 4)

    days = int(one_of(LEARNED_DAYS))
    shared = {
        "n_estimators": one_of((60, 100, 150, 250)),
        "learning_rate": between(0.02, 0.2),
        "subsample": between(0.5, 1.0),
        "colsample_bytree": between(0.3, 1.0),
        "reg_lambda": between(0.1, 30.0),
    }
    if booster == "lightgbm":
        own = {"num_leaves": one_of((4, 8, 16, 32, 64)), "min_child_samples": one_of((10, 20, 50, 100, 200))}
    else:  # in units of p (1 - p): a payment weighs a hundredth
        own = {"max_depth": one_of((2, 3, 4, 5, 6, 8)), "min_child_weight": one_of((0.3, 1, 3, 10, 30))}
    return Trial(days, shared | own, ())


def _model(booster: Booster, parameters: dict[str, Any]) -> Any:
    if booster == "lightgbm":
        return LGBMClassifier(
            **parameters,
            subsample_freq=1,
            random_state=SEED,
            n_jobs=1,
            deterministic=True,
            force_row_wise=True,
            max_bin=BINS,
            verbose=-1,
        )
    return XGBClassifier(**parameters, random_state=SEED, n_jobs=1, tree_method="hist", max_bin=BINS)
