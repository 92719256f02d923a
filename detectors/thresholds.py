"""Risk levels: alert budgets turned into score thresholds that the bundle fixes once.

A budget is a share of all payments that may reach a level or a higher one. Thresholds are set on reference
traffic, for each maturity of an account apart, so that young accounts do not use up the budget of all others.
"""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.assessment import Maturity

WARMING_FROM: Final = 5
"""Payments known of an account from which it is no longer new."""
MATURE_FROM: Final = 30
"""Payments known of an account from which it is mature."""
MATURITIES: Final[tuple[Maturity, ...]] = ("new", "warming", "mature")
ENOUGH_ROWS: Final = 1_000
"""Reference rows that a threshold of its own needs, and without which thresholds are provisional."""


class Budgets(msgspec.Struct, frozen=True, kw_only=True):
    """Cumulative shares of all payments: 0.005 for `high` includes the critical ones."""

    critical: float = 0.001
    high: float = 0.005
    medium: float = 0.02


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """A payment is of the highest level whose score it reaches."""

    medium: float
    high: float
    critical: float


class LevelTable(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds per maturity; those with too little reference traffic share the pooled ones."""

    new: Thresholds
    warming: Thresholds
    mature: Thresholds
    pooled: Thresholds
    rows: dict[str, int] = {}
    """Reference rows of each maturity."""

    @property
    def by_maturity(self) -> tuple[Thresholds, Thresholds, Thresholds]:
        """In the order of `MATURITIES`."""
        return (self.new, self.warming, self.mature)


def maturity_codes(payments: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions in `MATURITIES` for the payments known of each account: (n,) int64.

    >>> maturity_codes(np.array([0, 4, 5, 29, 30])).tolist()
    [0, 0, 1, 1, 2]
    """
    codes: NDArray[np.int64] = (payments >= WARMING_FROM).astype(np.int64)
    codes += payments >= MATURE_FROM
    return codes


def levels(score: NDArray[np.float64], payments: NDArray[np.int64], table: LevelTable) -> NDArray[np.int64]:
    """Positions in `detectors.assessment.LEVELS`: (n,) int64.

    `score`: (n,) as published; `payments`: (n,) known of the account before this one.
    """
    maturity = maturity_codes(payments)
    least = np.array([(each.medium, each.high, each.critical) for each in table.by_maturity])
    codes: NDArray[np.int64] = (score[:, None] >= least[maturity]).sum(axis=1)
    return codes
