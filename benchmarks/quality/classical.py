"""The models that everybody knows, with usual settings, on any features: fitted on the training week alone."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchmarks.quality.payments import Payments
from benchmarks.quality.protocol import Split
from detectors.training.columns import column_medians

SAMPLES: Final = 4_096
"""Rows that each tree of the isolation forest sees: the usual 256 blur what is rarer than one in a hundred."""

SUPERVISED: Final[dict[str, Callable[[], Any]]] = {
    "logistic_regression": lambda: LogisticRegression(random_state=0, max_iter=1_000),
    "random_forest": lambda: RandomForestClassifier(random_state=0),
}


def fit_classical(
    features: NDArray[np.floating[Any]], payments: Payments, weeks: Split
) -> dict[str, NDArray[np.float64]]:
    """What each model says of the evaluated payments: {name: (m,)}; `features` (n, d), NaN is missing."""
    filled = complete(features[weeks.train], features[weeks.train])
    scaler = StandardScaler().fit(filled)
    seen = scaler.transform(filled)
    asked = scaler.transform(complete(features[weeks.evaluated], features[weeks.train]))
    said = {
        name: make().fit(seen, payments.fraud[weeks.train]).predict_proba(asked)[:, 1]
        for name, make in SUPERVISED.items()
    }
    forest = IsolationForest(max_samples=min(SAMPLES, len(seen)), random_state=0).fit(seen)
    return said | {"isolation_forest": -forest.score_samples(asked)}


def complete(rows: NDArray[np.floating[Any]], reference: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Fill what is missing in (m, d) with the medians of `reference`, and say in further columns that it was.

    Columns that never vary in the reference, or are never known in it, are left out.
    """
    median = column_medians(reference.astype(np.float64))
    whole = _filled(reference, median)
    varies = np.ptp(whole, axis=0) > 0
    return _filled(rows, median)[:, varies].astype(np.float64)


def _filled(rows: NDArray[np.floating[Any]], median: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    absent = np.isnan(rows)
    return np.concatenate([np.where(absent, median, rows), absent], axis=1)
