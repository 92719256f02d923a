"""The rolling z-score detector: how far a payment departs upwards from its account's own past, feature by feature.

The deviations themselves are features, made from the account's memory. Deviations of different features scatter
differently, so each counts by how rare it is in reference traffic. Nothing in this module learns.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.adding import add_up
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
_COLUMNS: Final = np.array(Z_COLUMNS)
_HABITS: Final = np.array(HABITS)
_MOST: Final = np.array([RHYTHM_CAP if name in RHYTHM else STRANGEST for name in Z_FEATURES])


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

    @cached_property
    def fitted(self) -> NDArray[np.int64]:
        """(k,) positions of the features that have a curve."""
        return np.flatnonzero(np.diff(self.starts))

    @cached_property
    def grids(self) -> list[NDArray[np.float64]]:
        """The values of each of `fitted`, rising."""
        return [self.score[self.starts[each] : self.starts[each + 1]] for each in self.fitted]


def zscore_terms(rows: NDArray[np.float64], model: Deviations) -> NDArray[np.float64]:
    """What each feature of `Z_FEATURES` adds to the score: (n, f) float64, strangeness beyond `ORDINARY`.

    Only a deviation upwards counts: a larger amount, a shorter gap, more log-ins, a larger share of the balance.
    A payment far *smaller* than usual costs its owner little and is left to the detectors that see both
    directions. A missing feature adds 0.
    """
    fitted = model.fitted
    values = rows.T[_COLUMNS[fitted]]
    at = np.empty(values.shape, dtype=np.int64)
    for position, grid in enumerate(model.grids):
        at[position] = grid.searchsorted(values[position], side="right")
    at += model.starts[fitted, None] - 1
    inside = np.maximum(at, model.starts[fitted, None])
    distance = values - model.score.take(inside)
    strange = model.strangeness.take(inside) + model.slope.take(inside) * distance - ORDINARY
    strange = np.minimum(strange, _MOST[fitted, None])
    terms = np.zeros((len(Z_COLUMNS), len(rows)), dtype=np.float64)
    terms[fitted] = np.where((at == inside) & (strange > 0.0), strange, 0.0)  # NaN is not greater than 0
    return terms.T


def zscore(
    rows: NDArray[np.float64], model: Deviations, terms: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """The score of each feature row: (n,) float64, 0 or more; NaN where nothing is known of any habit.

    `terms` may be passed by a caller that has them already.
    """
    terms = zscore_terms(rows, model) if terms is None else terms
    score = add_up(terms.T)
    score[np.isnan(rows.T[_HABITS]).all(axis=0)] = np.nan
    return score
