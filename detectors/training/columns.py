"""Statistics of columns that may be missing in part, or altogether, and an even choice of rows."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

BOTH_SIDES: Final = frozenset({"duration_z"})
"""A visit that is too short is as strange as one too long. Of all else less is harmless: on labelled weeks,
detectors that look upwards only found a fifth more."""


def column_means(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of what is present in each column of (n, columns), 0 where nothing is: (columns,) float64."""
    return np.array([np.mean(column) if len(column) else 0.0 for column in _present(rows)])


def column_medians(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of what is present in each column of (n, columns), 0 where nothing is: (columns,) float64."""
    return np.array([np.median(column) if len(column) else 0.0 for column in _present(rows)])


def column_scales(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation of what is present in each column of (n, columns), 1 if it never varies: (columns,)."""
    deviations = np.array([np.std(column) if len(column) else 0.0 for column in _present(rows)])
    deviations[deviations < 1e-9] = 1.0
    return deviations


def one_sided(names: Sequence[str], medians: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least value that counts in each column: its median, or minus infinity where less can be strange too."""
    return np.where([name in BOTH_SIDES for name in names], -np.inf, medians)


def spread(count: int, limit: int) -> NDArray[np.int64]:
    """At most `limit` positions spread evenly over `count` rows.

    >>> spread(10, 4).tolist()
    [0, 2, 5, 7]
    """
    if count <= limit:
        return np.arange(count, dtype=np.int64)
    positions: NDArray[np.int64] = np.floor(np.arange(limit) * (count / limit)).astype(np.int64)
    return positions


def _present(rows: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    return [column[~np.isnan(column)] for column in rows.T]
