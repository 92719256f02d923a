"""Cuts a history into warm-up, fitting and reference rows, and puts labels beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.errors import TrainingError
from detectors.training.history import FeatureHistory
from detectors.training.score_kind import KnownLabels

WARM_UP_SHARE: Final = 0.2
"""The earliest share of payments only builds account memories: their features are still those of strangers."""
REFERENCE_SHARE: Final = 1 / 3
"""The latest share of the rest: tails, calibration and thresholds come from it."""
LEAST_ROWS: Final = 100
"""After the warm-up."""


@dataclass(frozen=True, eq=False)
class Split:
    """The rows after the warm-up, in event-time order: first those for fitting, then the reference rows."""

    rows: NDArray[np.float64]
    """(n, d) features."""
    payments: NDArray[np.int64]
    """(n,) payments known of the account."""
    frauds: NDArray[np.bool_]
    """(n,) known to be fraud."""
    labelled: NDArray[np.bool_]
    """(n,) known to be fraud or known to be genuine."""
    warm_up: int
    """Rows left out before these."""
    fitting: int
    """How many of the rows come before the reference rows."""

    @property
    def reference(self) -> slice:
        """Where the reference rows are."""
        return slice(self.fitting, None)

    @property
    def known(self) -> KnownLabels:
        """How many labels there are."""
        early, late = self.labelled[: self.fitting], self.labelled[self.reference]
        return KnownLabels(
            fitting_frauds=int(self.frauds[: self.fitting].sum()),
            reference_frauds=int(self.frauds[self.reference].sum()),
            fitting_genuine=int(early.sum() - self.frauds[: self.fitting].sum()),
            reference_genuine=int(late.sum() - self.frauds[self.reference].sum()),
        )


def split_history(history: FeatureHistory, labels: Mapping[str, bool] | None) -> Split:
    """Cut by payments in event-time order; refused with a `TrainingError` if too little is left."""
    warm_up = int(len(history) * WARM_UP_SHARE)
    left = len(history) - warm_up
    if left < LEAST_ROWS:
        raise TrainingError(
            f"The history has {len(history)} payments; the first {warm_up} only warm up account memories, and at "
            f"least {LEAST_ROWS} must be left. Give a longer history: a few weeks with 10,000 payments or more."
        )
    transactions = history.transactions[warm_up:]
    known = labels or {}
    return Split(
        rows=history.rows[warm_up:],
        payments=history.payments[warm_up:],
        frauds=np.array([known.get(tx.transaction_id, False) for tx in transactions], dtype=np.bool_),
        labelled=np.array([tx.transaction_id in known for tx in transactions], dtype=np.bool_),
        warm_up=warm_up,
        fitting=left - int(left * REFERENCE_SHARE),
    )
