"""Learns how much each detector says about fraud: a non-negative logistic stack, calibrated on later payments."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from detectors.assessment import DETECTORS
from detectors.bundle import Calibration
from detectors.fusion import LOGISTIC

STRENGTH: Final = 10.0
"""Inverse weight of the penalty: hardly any, there are four weights."""
ENOUGH_FRAUDS_PER_HALF: Final = 20
"""With fewer frauds in either half of the reference rows the logistic detector is calibrated alone."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Log-odds = `intercept` + the weighted sum of the detectors' measures; calibration included."""

    weights: NDArray[np.float64]
    """(4,) in the order of `DETECTORS`, none negative."""
    intercept: float
    calibration: Calibration


def fit_stack(measured: NDArray[np.float64], frauds: NDArray[np.bool_]) -> Stack:
    """Fit on reference rows in event-time order: `measured` (n, 4) as `fusion.measures` gives it, `frauds` (n,).

    Weights come from the earlier half, the two parameters of Platt's calibration from the later one.
    """
    filled = np.where(np.isnan(measured), np.nanmean(measured, axis=0), measured)
    half = len(frauds) // 2
    if min(int(frauds[:half].sum()), int(frauds[half:].sum())) >= ENOUGH_FRAUDS_PER_HALF:
        weights, intercept = _non_negative(filled[:half], frauds[:half])
        later = slice(half, None)
    else:
        weights, intercept = np.zeros(len(DETECTORS)), 0.0
        weights[LOGISTIC] = 1.0
        later = slice(None)
    odds = intercept + np.sum(filled[later] * weights, axis=1)
    slope, shift = _regress(odds[:, None], frauds[later])
    # A falling calibration would turn the score upside down; leave the order and mend the level only.
    steepness = float(slope[0]) if slope[0] > 0 else 1.0
    calibration = Calibration(
        slope=steepness,
        intercept=shift if slope[0] > 0 else 0.0,
        rows=len(odds),
        frauds=int(frauds[later].sum()),
    )
    return Stack(
        weights=weights * steepness,
        intercept=intercept * steepness + calibration.intercept,
        calibration=calibration,
    )


def _non_negative(measured: NDArray[np.float64], frauds: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Weights and intercept; detectors that would get a negative weight are left out, the worst one first."""
    used = list(range(measured.shape[1]))
    while True:
        slopes, intercept = _regress(measured[:, used], frauds)
        if slopes.min() >= 0.0 or len(used) == 1:
            break
        del used[int(slopes.argmin())]
    weights = np.zeros(measured.shape[1])
    weights[used] = np.maximum(slopes, 0.0)
    return weights, intercept


def _regress(columns: NDArray[np.float64], frauds: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Slopes and intercept of a logistic regression over columns of similar scale."""
    model = LogisticRegression(C=STRENGTH, solver="newton-cholesky", tol=1e-8, max_iter=200)
    model.fit(columns, frauds)
    return model.coef_[0].astype(np.float64), float(model.intercept_[0])
