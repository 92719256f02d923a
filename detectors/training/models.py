"""Fits the detectors on a split history: those without labels, and the logistic one on true or weak labels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.assessment import DETECTORS
from detectors.fusion import ISOLATION_FOREST, KMEANS, LOGISTIC, ZSCORE, strangeness_of
from detectors.isolation_forest import Forest, isolation
from detectors.kmeans import Clusters, score_and_learn
from detectors.logistic import Logistic, logistic
from detectors.tails import TailCurve, fit_tail
from detectors.training.chain import out_of_fold
from detectors.training.clusters import fit_clusters
from detectors.training.deviations import fit_deviations
from detectors.training.forest import fit_forest
from detectors.training.split import Split
from detectors.training.supervised import fit_logistic
from detectors.zscore import Deviations, zscore

Tails = tuple[TailCurve | None, TailCurve | None, TailCurve | None, TailCurve | None]
WEAK_SHARE: Final = 0.01
"""The strangest share of payments, which a weak label calls fraud."""
LEAST_WEAK: Final = 5


@dataclass(frozen=True, eq=False)
class Models:
    """The detectors of a bundle, and what they say of the window's rows."""

    deviations: Deviations
    clusters: Clusters
    forest: Forest
    logistic: Logistic
    judged: NDArray[np.bool_]
    """(n,) the reference rows: with true labels those that a logistic model of earlier days has scored, else the
    latest part of the window."""
    scores: NDArray[np.float64]
    """(m, 4) raw scores of the reference rows, read as one partition."""
    tails: Tails
    """Of these scores."""


def fit_models(split: Split, *, supervised: bool, seed: int) -> Models:
    """Fit every detector.

    Those without labels are fitted once, on all rows: they learn nothing about frauds, and on labelled data
    thresholds from rows they had seen and from rows they had not met their budgets equally well. The logistic
    detector is judged on scores by models of earlier days, and then fitted again on all of them.
    """
    deviations = fit_deviations(split.rows)
    clusters = fit_clusters(split.rows, seed)
    forest = fit_forest(split.rows, seed)
    scores = np.full((len(split.rows), len(DETECTORS)), np.nan)
    scores[:, ZSCORE] = zscore(split.rows, deviations)
    scores[:, KMEANS] = score_and_learn(split.rows, None, clusters)[0]
    scores[:, ISOLATION_FOREST] = isolation(split.rows, forest)
    judged = split.latest
    if supervised:
        final, scores[:, LOGISTIC] = _supervised(split)
        judged = ~np.isnan(scores[:, LOGISTIC])
    else:
        final = fit_logistic(split.rows, weak_labels(scores), split.rows[judged])
        scores[:, LOGISTIC] = logistic(split.rows, final)
    reference = scores[judged]
    return Models(deviations, clusters, forest, final, judged, reference, fit_tails(reference))


def weak_labels(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The strangest rows by the detectors that have spoken, (n,), from raw scores (n, 4)."""
    strange = strangeness_of(scores, fit_tails(scores))
    mean = np.nanmean(strange[:, :LOGISTIC], axis=1)
    count = max(int(len(mean) * WEAK_SHARE), LEAST_WEAK)
    labels = np.zeros(len(mean), dtype=np.bool_)
    labels[np.argsort(-mean, kind="stable")[:count]] = True
    return labels


def fit_tails(scores: NDArray[np.float64]) -> Tails:
    """Reference tails of raw scores (n, 4)."""
    curves = [fit_tail(scores[:, detector]) for detector in range(len(DETECTORS))]
    return (curves[0], curves[1], curves[2], curves[3])


def _supervised(split: Split) -> tuple[Logistic, NDArray[np.float64]]:
    """The model to serve, fitted on every labelled row, and log-odds of all rows, (n,), from models of the days
    before them: NaN for the first days."""
    reference = split.rows[split.latest]

    def fit(earlier: NDArray[np.bool_]) -> Callable[[NDArray[np.bool_]], NDArray[np.float64]]:
        model = fit_logistic(split.rows[earlier], split.frauds[earlier], reference)
        return lambda later: logistic(split.rows[later], model)

    final = fit_logistic(split.rows[split.labelled], split.frauds[split.labelled], reference)
    return final, out_of_fold(split.days, split.frauds, split.labelled, fit)
