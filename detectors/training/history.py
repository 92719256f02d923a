"""Feature rows of a history, made by the same account fold that scores live traffic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.account import AccountFold
from detectors.baseline import Baseline
from detectors.features import feature_matrix
from detectors.transaction import EnrichedTransaction


@dataclass(frozen=True, eq=False)
class FeatureHistory:
    """A history in event-time order, payments that were sent twice counted once."""

    transactions: tuple[EnrichedTransaction, ...]
    """n payments."""
    rows: NDArray[np.float64]
    """(n, d) features of each, as known just before it."""
    payments: NDArray[np.int64]
    """(n,) payments known of the account before this one."""

    def __len__(self) -> int:
        return len(self.transactions)


def feature_history(history: Sequence[EnrichedTransaction], baseline: Baseline) -> FeatureHistory:
    """Fold every account from nothing over its payments, in event-time order; equal times keep their order."""
    folds: dict[str, AccountFold] = {}
    kept: list[EnrichedTransaction] = []
    rows: list[list[float]] = []
    payments: list[int] = []
    for transaction in sorted(history, key=lambda payment: payment.event_time):
        fold = folds.get(transaction.account_id)
        if fold is None:
            fold = folds[transaction.account_id] = AccountFold()
        observation = fold.observe(transaction, baseline)
        if observation.repeat != "none":
            continue
        kept.append(transaction)
        rows.append(observation.row)
        payments.append(observation.payments)
    return FeatureHistory(tuple(kept), feature_matrix(rows), np.array(payments, dtype=np.int64))
