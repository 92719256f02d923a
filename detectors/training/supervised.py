"""Fits the logistic detector: an additive logistic regression whose pipeline folds into one curve per feature."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from detectors.features import FEATURES
from detectors.logistic import Logistic, logistic_contributions
from detectors.thresholds import MATURE_FROM
from detectors.training.columns import spread

KNOT_QUANTILES: Final = (0.3, 0.7, 0.9, 0.97, 0.99, 0.997)
"""Where curves may bend: closest where frauds are. Chosen on labelled weeks before the test weeks."""
FEW_KNOT_QUANTILES: Final = (0.5, 0.9, 0.99)
FEW_FRAUDS: Final = 300
"""With fewer known frauds, curves bend less often: six bends learn noise then (measured on simulated traffic)."""
RANGE_SHARE: Final = 0.0005
"""Share of values at either end beyond which a curve stays flat: nothing was learned out there."""
CEILINGS: Final = {"history": float(np.log1p(MATURE_FROM))}
"""Highest values that a curve may tell apart. The age of a mature account is only a clock: a model that reads it
drifts with every day that passes."""
FIRST_STRENGTH: Final = 0.03
STRENGTH: Final = 0.1
"""Inverse weights of the squared penalty on the standardised weights, in the first and in the second fit."""
LEAST_IMPORTANCE: Final = 1e-3
"""Relative importance that the second fit grants to the least important feature."""
GENUINE_ROWS: Final = 150_000
"""More genuine payments than this are thinned evenly and weighted up."""


@dataclass(frozen=True, eq=False)
class _Curves:
    """Shape of the design matrix: where columns are clipped and bend, and what stands in for a missing value."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    fill: NDArray[np.float64]
    knots: NDArray[np.float64]
    """(d, h), NaN where there is no bend."""
    indicator: NDArray[np.bool_]
    """(d,) whether the column is sometimes missing, and sometimes not."""


def fit_logistic(rows: NDArray[np.float64], frauds: NDArray[np.bool_], reference: NDArray[np.float64]) -> Logistic:
    """Fit on feature rows (n, d) and labels (n,); contributions are relative to the `reference` rows (m, d)."""
    keep, weights = _thinned(frauds)
    curves = _curves(rows, KNOT_QUANTILES if frauds.sum() >= FEW_FRAUDS else FEW_KNOT_QUANTILES)
    design, owner = _design(rows[keep], curves)
    mean, scale = design.mean(axis=0), design.std(axis=0)
    scale[scale < 1e-9] = 1.0
    standard = (design - mean) / scale
    first, _ = _ridge(standard, frauds[keep], weights, FIRST_STRENGTH)
    granted = _importance(standard, first, np.array([feature for feature, _ in owner]), frauds[keep])
    slopes, intercept = _ridge(standard * granted, frauds[keep], weights, STRENGTH)
    slopes = slopes * granted / scale
    intercept -= float(np.sum(slopes * mean))
    return centred(_fold(slopes, owner, intercept, curves), reference)


def _ridge(
    columns: NDArray[np.float64], frauds: NDArray[np.bool_], weights: NDArray[np.float64], strength: float
) -> tuple[NDArray[np.float64], float]:
    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-6, max_iter=200)
    model.fit(columns, frauds, sample_weight=weights)
    return model.coef_[0].astype(np.float64), float(model.intercept_[0])


def _importance(
    standard: NDArray[np.float64],
    slopes: NDArray[np.float64],
    owner: NDArray[np.int64],
    frauds: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """How far a first fit moves payments by each column's feature, relative to the most important one: (columns,).

    The second fit scales columns by it, so that features that said little are penalised harder: the adaptive
    penalty of Zou (2006) with a ridge. A feature counts by its spread over all payments and by what it says of
    the frauds.
    """
    importance = np.zeros(int(owner.max()) + 1)
    for feature in range(len(importance)):
        mine = owner == feature
        moved = np.sum(standard[:, mine] * slopes[mine], axis=1)
        moved -= moved.mean()
        importance[feature] = np.sqrt(0.5 * np.mean(moved[frauds] ** 2) + 0.5 * np.mean(moved**2))
    relative = importance / max(float(importance.max()), 1e-12)
    granted: NDArray[np.float64] = np.maximum(relative, LEAST_IMPORTANCE)[owner]
    return granted


def centred(model: Logistic, reference: NDArray[np.float64]) -> Logistic:
    """The same log-odds, with contributions relative to the means over these rows, (m, d) float64."""
    zero = replace(model, reference=np.zeros_like(model.reference))
    means = logistic_contributions(reference, zero).mean(axis=0)
    baseline = model.baseline + float(np.sum(means - model.reference))
    return replace(model, reference=means, baseline=baseline)


def _thinned(frauds: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Positions of the rows to fit on and their weights: every fraud, and an even spread of the genuine."""
    genuine = np.flatnonzero(~frauds)
    chosen = genuine[spread(len(genuine), GENUINE_ROWS)]
    keep = np.sort(np.concatenate([np.flatnonzero(frauds), chosen]))
    weights = np.where(frauds[keep], 1.0, len(genuine) / max(len(chosen), 1))
    return keep, weights


def _curves(rows: NDArray[np.float64], bends_at: tuple[float, ...]) -> _Curves:
    """Ranges, bends (at these quantiles) and fillings learned from feature rows (n, d)."""
    width = rows.shape[1]
    low, high, fill = np.zeros(width), np.zeros(width), np.zeros(width)
    knots = np.full((width, len(bends_at)), np.nan)
    missing = np.isnan(rows)
    counts = missing.sum(axis=0)
    for column in range(width):
        present = rows[~missing[:, column], column]
        if not len(present):
            continue
        present = np.fmin(present, CEILINGS.get(FEATURES[column], np.inf))
        quantiles = np.quantile(present, [RANGE_SHARE, 1.0 - RANGE_SHARE, 0.5, *bends_at])
        low[column], high[column], fill[column] = quantiles[:3]
        bends = np.unique(quantiles[3:])
        bends = bends[(bends > low[column]) & (bends < high[column])]
        knots[column, : len(bends)] = bends
    return _Curves(low, high, fill, knots, (counts > 0) & (counts < len(rows)))


def _design(
    rows: NDArray[np.float64], curves: _Curves
) -> tuple[NDArray[np.float64], list[tuple[int, int | None]]]:
    """The design matrix, and whose each of its columns is: (feature, bend), -1 the line, None the indicator."""
    columns: list[NDArray[np.float64]] = []
    owner: list[tuple[int, int | None]] = []
    for feature in range(rows.shape[1]):
        values = rows[:, feature]
        absent = np.isnan(values)
        inside = np.where(absent, curves.fill[feature], np.clip(values, curves.low[feature], curves.high[feature]))
        columns.append(inside)
        owner.append((feature, -1))
        for bend, knot in enumerate(curves.knots[feature]):
            if not np.isnan(knot):
                columns.append(np.maximum(inside - knot, 0.0))
                owner.append((feature, bend))
        if curves.indicator[feature]:
            columns.append(absent.astype(np.float64))
            owner.append((feature, None))
    return np.stack(columns, axis=1), owner


def _fold(
    slopes: NDArray[np.float64], owner: list[tuple[int, int | None]], intercept: float, curves: _Curves
) -> Logistic:
    """The fitted slopes as curves over the raw features."""
    width = len(curves.low)
    weight, extra = np.zeros(width), np.zeros(width)
    bends = np.zeros_like(curves.knots)
    for slope, (feature, bend) in zip(slopes, owner, strict=True):
        if bend is None:
            extra[feature] = slope
        elif bend < 0:
            weight[feature] = slope
        else:
            bends[feature, bend] = slope
    knots = np.where(np.isnan(curves.knots), 0.0, curves.knots)
    usual = curves.fill * weight
    for bend in range(knots.shape[1]):
        usual = usual + np.maximum(curves.fill - knots[:, bend], 0.0) * bends[:, bend]
    return Logistic(
        low=curves.low,
        high=curves.high,
        weight=weight,
        knots=knots,
        bends=bends,
        missing=usual + extra,
        reference=np.zeros(width),
        baseline=intercept,
    )
