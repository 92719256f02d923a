"""Measures how widely the accounts' deviations scatter, so that the z-score detector weighs them alike."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.zscore import Z_COLUMNS, Deviations

SHARE: Final = 0.001
NORMAL_QUANTILE: Final = 3.0902
"""What one in a thousand of normally distributed deviations exceeds."""


def fit_deviations(rows: NDArray[np.float64]) -> Deviations:
    """Fit on feature rows, (n, d) float64: the width makes one payment in a thousand deviate by 3.09."""
    widths = np.ones(len(Z_COLUMNS))
    for position, column in enumerate(Z_COLUMNS):
        present = rows[~np.isnan(rows[:, column]), column]
        if len(present):
            widths[position] = max(float(np.quantile(present, 1.0 - SHARE)) / NORMAL_QUANTILE, 1.0)
    return Deviations(width=widths)
