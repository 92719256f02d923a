"""Learns how much each detector says about fraud: a non-negative logistic stack, and its calibration."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from detectors.bundle import Calibration
from detectors.fusion import LOGISTIC
from detectors.training.columns import column_means

STRENGTH: Final = 10.0
"""Inverse weight of the penalty: hardly any, there are four weights."""
LEAST_GAIN: Final = 10.83
"""Twice the log-likelihood that a detector must add beside the logistic one: chi-squared with one degree of
freedom at p = .001 (Wilks 1938). With less it adds noise: the logistic model sees the same features."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Log-odds = `intercept` + the weighted sum of the detectors' measures; calibration included."""

    weights: NDArray[np.float64]
    """(4,) in the order of `DETECTORS`, none negative."""
    intercept: float
    calibration: Calibration


def fit_stack(measured: NDArray[np.float64], frauds: NDArray[np.bool_]) -> Stack:
    """Fit on rows that the detectors' models had not seen: `measured` (n, 4) as `fusion.measures` gives it,
    `frauds` (n,)."""
    filled = np.where(np.isnan(measured), column_means(measured), measured)
    weights, intercept = _chosen(filled, frauds)
    calibration = calibrate(intercept + np.sum(filled * weights, axis=1), frauds)
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


def _chosen(measured: NDArray[np.float64], frauds: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """The logistic detector, and whichever others earn their place beside it."""
    used = [LOGISTIC]
    for detector in range(measured.shape[1]):
        if detector == LOGISTIC:
            continue
        if _gain(measured, frauds, used, [*used, detector]) >= LEAST_GAIN:
            used.append(detector)
    slopes, intercept = _non_negative(measured[:, used], frauds)
    weights = np.zeros(measured.shape[1])
    weights[used] = slopes
    return weights, intercept


def _gain(measured: NDArray[np.float64], frauds: NDArray[np.bool_], few: list[int], more: list[int]) -> float:
    """Twice the log-likelihood that more detectors add."""
    fits = []
    for used in (few, more):
        weights, intercept = _non_negative(measured[:, used], frauds)
        odds = intercept + np.sum(measured[:, used] * weights, axis=1)
        fits.append(float(np.sum(np.where(frauds, -np.logaddexp(0.0, -odds), -np.logaddexp(0.0, odds)))))
    return 2.0 * (fits[1] - fits[0])


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
