"""The handbook's own features, computed from the whole file: what its published models saw.

Windows reach from a payment back, `(t - w, t]`, and include the payment itself. Those of terminals end seven days
earlier, when labels are known. Chapter 3, "Baseline feature transformation".
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.payments import Payments
from benchmarks.quality.protocol import DELAY
from detectors.evaluation.scored import DAY

DAYS: Final = (1, 7, 30)
NIGHT_UNTIL: Final = 6
"""Last hour of the night."""
WEEKEND_FROM: Final = 5
"""Monday is 0."""
UNITS: Final = 10_000
"""Amounts are summed in whole ten-thousandths, without rounding."""
HOUR: Final = DAY // 24
THURSDAY: Final = 3
"""1970-01-01."""

HANDBOOK_FEATURES: Final = (
    "amount",
    "is_weekend",
    "is_night",
    *(f"customer_{what}_{days}d" for days in DAYS for what in ("count", "mean_amount")),
    *(f"terminal_{what}_{days}d" for days in DAYS for what in ("count", "risk")),
)


def handbook_features(payments: Payments) -> NDArray[np.float64]:
    """The columns of `HANDBOOK_FEATURES` for every payment: (n, 15)."""
    weekday = (payments.time // DAY + THURSDAY) % 7
    hour = payments.time % DAY // HOUR
    columns = [payments.amount, weekday >= WEEKEND_FROM, hour <= NIGHT_UNTIL]
    money = np.round(payments.amount * UNITS).astype(np.int64)
    customers = _Windows(payments.card, payments.time, money)
    for days in DAYS:
        count, total = customers.between(days * DAY, 0)
        columns += [count, total / UNITS / count]
    terminals = _Windows(payments.terminal, payments.time, payments.fraud.astype(np.int64))
    for days in DAYS:
        count, frauds = terminals.between(days * DAY + DELAY, DELAY)
        columns += [count, frauds / np.maximum(count, 1)]
    return np.stack(columns, axis=1).astype(np.float64)


class _Windows:
    """Counts and sums over windows of each group's past."""

    def __init__(self, group: NDArray[np.int32], time: NDArray[np.int64], value: NDArray[np.int64]) -> None:
        self._order = np.argsort(group, kind="stable")
        self._time = time[self._order] - time.min()
        # One line for all groups, each so far from the next that no window reaches over.
        self._stride = int(self._time.max()) + 2 * (max(DAYS) * DAY + DELAY)
        self._line = group[self._order].astype(np.int64) * self._stride + self._time
        self._sums = np.concatenate([[0], np.cumsum(value[self._order])])

    def between(self, longest: int, shortest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Count and sum, (n,) each, over `(t - longest, t - shortest]`.

        Of payments of one group and moment only those up to the payment itself count.
        """
        first = np.searchsorted(self._line, self._line - longest, side="right")
        after = (
            np.searchsorted(self._line, self._line - shortest, side="right")
            if shortest
            else np.arange(1, len(self._line) + 1)
        )
        count, total = np.empty_like(self._line), np.empty_like(self._line)
        count[self._order] = after - first
        total[self._order] = self._sums[after] - self._sums[first]
        return count, total
