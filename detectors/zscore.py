"""The rolling z-score detector: how far a payment departs upwards from its account's own past, feature by feature.

The deviations themselves are features, made from the account's memory. Deviations of different features scatter
differently, so each counts by how rare it is in reference traffic. Nothing in this module learns.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.features import FEATURES
from detectors.tails import STRANGEST

Z_FEATURES: Final = (
    "amount_z",
    "gap_z",
    "login_attempts_z",
    "balance_share_z",
    "travel_speed",
    "velocity_ratio",
    "log_amount",
    "count_1h",
    "new_device",
    "new_country",
    "ip_country_mismatch",
)
"""What counts, in the order in which it is added: larger is stranger in each of them."""
Z_COLUMNS: Final = tuple(FEATURES.index(name) for name in Z_FEATURES)
HABITS: Final = tuple(FEATURES.index(name) for name in Z_FEATURES if name.endswith("_z"))
"""Without any of these there is no past to depart from."""
ORDINARY: Final = 2.0
"""Strangeness that is not counted: of a dozen features one or two are always a little strange. -ln(share): what
one payment in seven has."""
RHYTHM: Final = frozenset({"gap_z", "velocity_ratio", "count_1h"})
RHYTHM_CAP: Final = 1.0
"""What each feature of the rhythm may add at most: people pay twice within minutes for good reasons, and several
of these features say the same."""


@dataclass(frozen=True, eq=False)
class Deviations:
    """How rare each value of each feature is: the curves of `detectors.tails`, one after the other (g points)."""

    starts: NDArray[np.int64]
    """(f + 1,) where the curve of each of the f `Z_FEATURES` begins, and where the last one ends; a feature that
    the history never had has no point."""
    score: NDArray[np.float64]
    """(g,) values of the feature, strictly rising within a curve."""
    strangeness: NDArray[np.float64]
    """(g,) -ln(share of reference payments with at least this value)."""
    slope: NDArray[np.float64]
    """(g,) from each point onwards."""


def zscore_terms(rows: NDArray[np.float64], model: Deviations) -> NDArray[np.float64]:
    """What each feature of `Z_FEATURES` adds to the score: (n, f) float64, strangeness beyond `ORDINARY`.

    Only a deviation upwards counts: a larger amount, a shorter gap, more log-ins, a larger share of the balance.
    A payment far *smaller* than usual costs its owner little and is left to the detectors that see both
    directions. A missing feature adds 0.
    """
    terms = np.zeros((len(Z_COLUMNS), len(rows)), dtype=np.float64)
    for position, column in enumerate(Z_COLUMNS):
        start, end = int(model.starts[position]), int(model.starts[position + 1])
        if start == end:
            continue
        values = rows[:, column]
        grid = model.score[start:end]
        at = np.searchsorted(grid, values, side="right") - 1
        inside = np.maximum(at, 0)
        rarity, slope = model.strangeness[start:end].take(inside), model.slope[start:end].take(inside)
        most = RHYTHM_CAP if Z_FEATURES[position] in RHYTHM else STRANGEST
        strange = np.minimum(rarity + slope * (values - grid.take(inside)) - ORDINARY, most)
        counts = (at >= 0) & (strange > 0.0)  # NaN is not greater than 0
        np.copyto(terms[position], strange, where=counts)
    return terms.T


def zscore(
    rows: NDArray[np.float64], model: Deviations, terms: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """The score of each feature row: (n,) float64, 0 or more; NaN where nothing is known of any habit.

    `terms` may be passed by a caller that has them already.
    """
    terms = zscore_terms(rows, model) if terms is None else terms
    score = np.zeros(len(rows), dtype=np.float64)
    for position in range(len(Z_COLUMNS)):
        score += terms[:, position]
    silent = np.ones(len(rows), dtype=np.bool_)
    for column in HABITS:
        silent &= np.isnan(rows[:, column])
    score[silent] = np.nan
    return score
