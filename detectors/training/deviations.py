"""Measures how the features of the z-score detector scatter, so that each counts by its rarity."""

import numpy as np
from numpy.typing import NDArray

from detectors.tails import fit_tail
from detectors.zscore import Z_COLUMNS, Deviations


def fit_deviations(rows: NDArray[np.float64]) -> Deviations:
    """Fit on feature rows, (n, d) float64. A feature that never varies tells nothing, and gets no curve."""
    curves = [_varying(rows[:, column]) for column in Z_COLUMNS]
    fitted = [None if values is None else fit_tail(values) for values in curves]
    sizes = [0 if curve is None else len(curve.score) for curve in fitted]
    known = [curve for curve in fitted if curve is not None]
    nothing = np.zeros(0)
    return Deviations(
        starts=np.cumsum([0, *sizes]),
        score=np.concatenate([nothing, *(curve.score for curve in known)]),
        strangeness=np.concatenate([nothing, *(curve.strangeness for curve in known)]),
        slope=np.concatenate([nothing, *(curve.slope for curve in known)]),
    )


def _varying(values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    present = values[~np.isnan(values)]
    return present if len(present) and present.min() < present.max() else None
