"""Learns how much each detector says about fraud: a non-negative logistic stack, calibrated on later payments."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from detectors.assessment import DETECTORS
from detectors.bundle import Calibration
from detectors.fusion import LOGISTIC
from detectors.training.columns import column_means

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

    Weights come from the earlier half, the two parameters of the calibration from the later one.
    """
    filled = np.where(np.isnan(measured), column_means(measured), measured)
    half = len(frauds) // 2
    if min(int(frauds[:half].sum()), int(frauds[half:].sum())) >= ENOUGH_FRAUDS_PER_HALF:
        weights, intercept = _non_negative(filled[:half], frauds[:half])
        later = slice(half, None)
    else:
        weights, intercept = np.zeros(len(DETECTORS)), 0.0
        weights[LOGISTIC] = 1.0
        later = slice(None)
    odds = intercept + np.sum(filled[later] * weights, axis=1)
    calibration = calibrate(odds, frauds[later])
    return Stack(
        weights=weights * calibration.slope,
        intercept=intercept * calibration.slope + calibration.intercept,
        calibration=calibration,
    )


def calibrate(odds: NDArray[np.float64], frauds: NDArray[np.bool_]) -> Calibration:
    """Platt's calibration of log-odds, (n,), against what was fraud, (n,), with his smoothed targets.

    Smoothing keeps a model that separates a few frauds perfectly from claiming certainty, and so keeps scores
    apart that would all be rounded to 100. Platt, "Probabilistic outputs for support vector machines", 1999, 2.2.
    """
    known, genuine = int(frauds.sum()), int((~frauds).sum())
    share = np.where(frauds, (known + 1) / (known + 2), 1 / (genuine + 2))
    slopes, shift = _regress(
        np.concatenate([odds, odds])[:, None],
        np.repeat([True, False], len(odds)),
        np.concatenate([share, 1 - share]),
    )
    slope = float(slopes[0])
    if slope <= 0:  # would turn the score upside down: keep the order and leave the level as it is
        slope, shift = 1.0, 0.0
    return Calibration(slope=slope, intercept=shift, rows=len(odds), frauds=known)


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


def _regress(
    columns: NDArray[np.float64], frauds: NDArray[np.bool_], weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], float]:
    """Slopes and intercept of a logistic regression over columns of similar scale."""
    model = LogisticRegression(C=STRENGTH, solver="newton-cholesky", tol=1e-8, max_iter=200)
    model.fit(columns, frauds, sample_weight=weights)
    return model.coef_[0].astype(np.float64), float(model.intercept_[0])
