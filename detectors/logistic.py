"""The logistic detector: log-odds of fraud as a sum of one curve per feature, so that every share is exact.

The whole training pipeline (imputation, missing indicators, hinges, standardisation, weights) is folded into
these curves; fitting them lives in training.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.adding import add_up


@dataclass(frozen=True, eq=False)
class Logistic:
    """One curve per feature column (d of them): a line with bends, flat outside the range seen in training."""

    low: NDArray[np.float64]
    """(d,) values below are taken for this one."""
    high: NDArray[np.float64]
    """(d,) values above are taken for this one."""
    weight: NDArray[np.float64]
    """(d,) log-odds per unit of the feature."""
    knots: NDArray[np.float64]
    """(d, h) where a curve bends, in units of the feature."""
    bends: NDArray[np.float64]
    """(d, h) change of slope at each knot; 0 where a feature has fewer knots."""
    missing: NDArray[np.float64]
    """(d,) log-odds that a missing value is worth."""
    reference: NDArray[np.float64]
    """(d,) mean of each curve over the reference traffic."""
    baseline: float
    """Log-odds of a payment whose every curve is at its reference mean."""


def logistic_contributions(rows: NDArray[np.float64], model: Logistic) -> NDArray[np.float64]:
    """What each feature adds to `model.baseline`: (n, d) float64, log-odds relative to reference traffic."""
    inside = np.clip(rows, model.low, model.high)
    curves = inside * model.weight
    for knots, bends in zip(model.knots.T, model.bends.T, strict=True):  # a feature without a bend adds 0
        curves += np.maximum(inside - knots, 0.0) * bends
    contributions: NDArray[np.float64] = np.where(np.isnan(rows), model.missing, curves) - model.reference
    return contributions


def logistic(
    rows: NDArray[np.float64], model: Logistic, contributions: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """The score of each feature row: (n,) float64, log-odds.

    `contributions` may be passed by a caller that has them already.
    """
    parts = logistic_contributions(rows, model) if contributions is None else contributions
    return add_up(parts.T, model.baseline)
