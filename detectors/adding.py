"""Sums whose order is part of the result: the same to the bit, however many payments are looked at together."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_FEW = 40
"""Columns up to which one call for all additions is faster than one for each."""


def add_up(terms: NDArray[np.float64], start: NDArray[np.float64] | float = 0.0) -> NDArray[np.float64]:
    """`start`, (n,) or one number, and after it the rows of (m, n), added one after the other: (n,) float64.

    >>> add_up(np.array([[1.0, 2.0], [0.5, 0.25]])).tolist()
    [1.5, 2.25]
    """
    total: NDArray[np.float64] = np.full(terms.shape[1], start)
    if len(total) <= _FEW:
        total = np.concatenate([total[None], terms]).cumsum(axis=0)[-1]
    else:
        for term in terms:
            total += term
    return total


def add_up_by(places: Sequence[int], terms: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The rows of (m, n) added up by place, in order: (count, n) float64, from the m places that they go to.

    >>> add_up_by([1, 1, 0], np.array([[1.0], [0.5], [0.25]]), 2).tolist()
    [[0.25], [1.5]]
    """
    sums = np.zeros((count, terms.shape[1]))
    if terms.shape[1] <= _FEW:
        np.add.at(sums, np.array(places), terms)
        return sums
    of_place = list(sums)
    for place, term in zip(places, terms, strict=True):
        of_place[place] += term
    return sums
