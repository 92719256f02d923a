"""Cuts a history into warm-up and window rows, and puts what is known of each payment beside them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.errors import TrainingError
from detectors.training.chain import judged
from detectors.training.history import FeatureHistory
from detectors.training.known import Known
from detectors.training.score_kind import KnownLabels

WARM_UP_SHARE: Final = 0.2
"""Unless told otherwise, the earliest share of payments only builds memories: their features are those of
strangers."""
REFERENCE_SHARE: Final = 1 / 3
"""The latest share of the window: tails and thresholds come from it."""
LEAST_ROWS: Final = 100
"""In the window."""


@dataclass(frozen=True, eq=False)
class Split:
    """The n rows of the training window, in event-time order."""

    rows: NDArray[np.float64]
    """(n, d) features."""
    payments: NDArray[np.int64]
    """(n,) payments known of the account."""
    days: NDArray[np.int64]
    """(n,) days since 1970, UTC."""
    frauds: NDArray[np.bool_]
    """(n,) known to be fraud."""
    labelled: NDArray[np.bool_]
    """(n,) known to be fraud or known to be genuine."""
    warm_up: int
    """Rows left out before these."""

    @property
    def latest(self) -> NDArray[np.bool_]:
        """(n,) the latest rows, which stand for traffic to come."""
        mask = np.zeros(len(self.rows), dtype=np.bool_)
        mask[len(mask) - int(len(mask) * REFERENCE_SHARE) :] = True
        return mask

    @property
    def known(self) -> KnownLabels:
        """How many labels there are."""
        days = np.unique(self.days[self.frauds])
        later = judged(self.days, self.frauds) & self.labelled
        return KnownLabels(
            frauds=int(self.frauds.sum()),
            genuine=int(self.labelled.sum() - self.frauds.sum()),
            fraud_days=len(days),
            later_frauds=int(self.frauds[later].sum()),
            later_genuine=int((~self.frauds[later]).sum()),
        )


def split_history(history: FeatureHistory, known: Known, fit_from: datetime | None) -> Split:
    """Leave out the warm-up; refused with a `TrainingError` if too little is left."""
    warm_up = _warm_up(history, fit_from)
    left = len(history) - warm_up
    if left < LEAST_ROWS:
        raise TrainingError(
            f"The history has {len(history)} payments; the first {warm_up} only warm up account memories, and at "
            f"least {LEAST_ROWS} must be left. Give a longer history: a few weeks with 10,000 payments or more."
        )
    transactions = history.transactions[warm_up:]
    return Split(
        rows=history.rows[warm_up:],
        payments=history.payments[warm_up:],
        days=np.array([int(each.event_time.timestamp()) // 86_400 for each in transactions], dtype=np.int64),
        frauds=known.frauds[warm_up:],
        labelled=known.labelled[warm_up:],
        warm_up=warm_up,
    )


def _warm_up(history: FeatureHistory, fit_from: datetime | None) -> int:
    if fit_from is None:
        return int(len(history) * WARM_UP_SHARE)
    return sum(each.event_time < fit_from for each in history.transactions)
