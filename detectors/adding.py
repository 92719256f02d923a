"""Sums whose order is part of the result: the same to the bit, however many payments are looked at together."""

import numpy as np
from numpy.typing import NDArray

_FEW = 64
"""Columns up to which running totals are faster than one addition after the other."""


def add_up(terms: NDArray[np.float64], start: NDArray[np.float64] | float = 0.0) -> NDArray[np.float64]:
    """`start`, (n,) or one number, and after it the rows of (m, n), added one after the other: (n,) float64.

    >>> add_up(np.array([[1.0, 2.0], [0.5, 0.25]])).tolist()
    [1.5, 2.25]
    """
    count = terms.shape[1]
    if count <= _FEW:
        totals: NDArray[np.float64] = np.concatenate([np.full((1, count), start), terms]).cumsum(axis=0)
        return totals[-1]
    total = np.full(count, start)
    for term in terms:
        total += term
    return total
