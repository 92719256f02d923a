"""How much an account has paid lately, as eight columns of the feature row: for many payments at once."""

from collections.abc import Sequence

import numpy as np

from detectors.windows import Asked, totals

Velocity = tuple[list[float], bool]
"""The features from count_1h to velocity_ratio; and whether some of it is known only by the hour."""


def velocities(asked: Sequence[Asked]) -> list[Velocity]:
    """What is known of the payments before each of some moments."""
    if not asked:
        return []
    sums = totals(asked)
    _, day, _, month = sums.counts
    ratio = np.log((day + 1) / (month / 30 + 1))
    columns = np.concatenate([np.log1p(sums.counts), np.log1p(sums.cents / 100), ratio[None]])
    return list(zip(columns.T.tolist(), sums.approximate, strict=True))
