"""The rolling z-score detector: how far a payment departs from its account's own past, feature by feature.

The deviations themselves are features, made from the account's memory; here they only become one score, so
that nothing in this module learns.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.features import FEATURES

Z_FEATURES: Final = ("amount_z", "gap_z", "duration_z", "login_attempts_z", "balance_share_z")
"""The deviations that count, in the order in which they are added."""
Z_COLUMNS: Final = tuple(FEATURES.index(name) for name in Z_FEATURES)
TERM_CAP: Final = 100.0
"""Largest square that one feature may add: ten standard deviations. Past that, more is not more suspicious."""


@dataclass(frozen=True, eq=False)
class Deviations:
    """How widely each deviation scatters in reference traffic.

    Without it the feature with the heaviest tail would own the score: a gap five standard deviations too short is
    as common as an amount three too large.
    """

    width: NDArray[np.float64]
    """(5,) divides the deviations of `Z_FEATURES`, at least 1."""


def zscore_terms(rows: NDArray[np.float64], model: Deviations) -> NDArray[np.float64]:
    """What each feature of `Z_FEATURES` adds to the score: (n, 5) float64, in squared standard deviations.

    Only a deviation upwards counts: a larger amount, a shorter gap, a longer visit, more log-ins, a larger
    share of the balance. A payment far *smaller* than usual costs its owner little and is left to the detectors
    that see both directions. A missing feature adds 0.
    """
    terms = np.empty((len(rows), len(Z_COLUMNS)), dtype=np.float64)
    for position, column in enumerate(Z_COLUMNS):
        upwards = np.fmax(rows[:, column], 0.0) / model.width[position]  # fmax turns NaN into 0
        terms[:, position] = np.fmin(upwards * upwards, TERM_CAP)
    return terms


def zscore(rows: NDArray[np.float64], model: Deviations) -> NDArray[np.float64]:
    """The score of each feature row: (n,) float64, 0 to 500; NaN where every deviation is missing."""
    terms = zscore_terms(rows, model)
    score = np.zeros(len(rows), dtype=np.float64)
    silent = np.ones(len(rows), dtype=np.bool_)
    for position, column in enumerate(Z_COLUMNS):
        score += terms[:, position]
        silent &= np.isnan(rows[:, column])
    score[silent] = np.nan
    return score
