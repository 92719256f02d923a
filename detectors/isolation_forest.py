"""The isolation forest detector: how quickly random cuts set a payment apart from the training traffic.

Scores a forest that scikit-learn fitted, from flat arrays and with numpy alone; training lives elsewhere.
Reference: Liu, Ting and Zhou, "Isolation Forest", ICDM 2008.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.adding import add_up

ROWS_AT_ONCE: Final = 512
"""Rows walked together; all trees times this many nodes still fit a core's cache."""

_VALUE_BITS: Final = 32
_LEFT_BITS: Final = 24
"""What a node's number keeps for its left child: far more nodes than a forest has."""
_COLUMN_SHIFT: Final = _VALUE_BITS + _LEFT_BITS


@dataclass(frozen=True, eq=False)
class Forest:
    """All trees in one set of arrays; a node's right child stands next to its left one."""

    columns: NDArray[np.int64]
    """(m,) positions in the feature row."""
    median: NDArray[np.float64]
    """(m,) put in place of missing values."""
    low: NDArray[np.float64]
    """(m,) values below count as this one: what is merely smaller than usual is not strange."""
    feature: NDArray[np.int64]
    """(nodes,) which of the m columns the node cuts; 0 at a leaf."""
    threshold: NDArray[np.float32]
    """(nodes,) go right above it; +infinity at a leaf, so that a walk stays there."""
    left: NDArray[np.int64]
    """(nodes,) left child, the leaf itself at a leaf."""
    credit: NDArray[np.float64]
    """(nodes,) path length that ending here is worth, in cuts."""
    roots: NDArray[np.int64]
    """(trees,) first node of each tree."""
    depth: int
    """Cuts on the longest path."""
    normaliser: float
    """Trees times the expected path length: the summed path length of an ordinary payment."""

    @cached_property
    def nodes(self) -> NDArray[np.int64]:
        """(nodes,) each node as one number, so that a step takes it from memory at once: the column that it cuts,
        where it cuts, and its left child, from the highest bits to the lowest."""
        return (self.feature << _COLUMN_SHIFT) | _ordered(self.threshold) | self.left


def isolation(rows: NDArray[np.float64], forest: Forest) -> NDArray[np.float64]:
    """The score of each feature row: (n,) float64 in 0..1, equal to scikit-learn's `-score_samples`."""
    scores = np.empty(len(rows), dtype=np.float64)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        scores[start : start + len(part)] = _path_lengths(part, forest)
    return np.power(2.0, -(scores / forest.normaliser))


def _path_lengths(rows: NDArray[np.float64], forest: Forest) -> NDArray[np.float64]:
    """Path lengths summed over all trees: (n,) float64, in cuts."""
    count, width = len(rows), len(forest.columns)
    # Comparable with a node of the same column: the node's left child decides nothing, as it only adds to it.
    points = (_points(rows, forest) | (np.arange(width) << _COLUMN_SHIFT)).ravel()
    # One long line, tree after tree: numpy is quicker with it than with a table.
    offsets = np.tile(np.arange(count) * width, len(forest.roots))
    places = forest.roots.repeat(count)
    for _ in range(forest.depth):
        # No index is ever out of range; "wrap" is numpy's fastest way not to check for it.
        nodes = forest.nodes.take(places, mode="wrap")
        cut = nodes >> _COLUMN_SHIFT
        cut += offsets
        right = points.take(cut, mode="wrap") > nodes
        np.bitwise_and(nodes, (1 << _LEFT_BITS) - 1, out=places)
        places += right
    return add_up(forest.credit.take(places).reshape(-1, count))  # tree by tree


def _points(rows: NDArray[np.float64], forest: Forest) -> NDArray[np.int64]:
    """What the trees compare, `_ordered`: (n, m), in the order of `forest.columns`."""
    # scikit-learn's trees compare single precision values; so must we, to take the same turns.
    points = np.empty((len(rows), len(forest.columns)), dtype=np.float32)
    values = rows.T[forest.columns]
    filled = np.where(np.isnan(values), forest.median[:, None], values)
    points[:] = np.maximum(filled, forest.low[:, None]).T
    return _ordered(points)


def _ordered(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Integers in the order of the values, none of them NaN: the bits between a node's column and its child."""
    bits = (values + np.float32(0.0)).view(np.int32).astype(np.int64)  # + 0: there is a -0, which equals it
    ascending = np.where(bits < 0, -1 - (bits & (2**31 - 1)), bits)
    return (ascending + 2**31) << _LEFT_BITS
