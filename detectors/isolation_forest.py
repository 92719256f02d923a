"""The isolation forest detector: how quickly random cuts set a payment apart from the training traffic.

Scores a forest that scikit-learn fitted, from flat arrays and with numpy alone; training lives elsewhere.
Reference: Liu, Ting and Zhou, "Isolation Forest", ICDM 2008.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE: Final = 512
"""Rows walked together; all trees times this many nodes still fit a core's cache."""


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
    # scikit-learn's trees compare single precision values; so must we, to take the same turns.
    points = np.empty((count, width), dtype=np.float32)
    for position, column in enumerate(forest.columns):
        values = rows[:, column]
        filled = np.where(np.isnan(values), forest.median[position], values)
        points[:, position] = np.maximum(filled, forest.low[position])
    flat = points.ravel()
    offsets = np.arange(count) * width
    nodes = np.repeat(forest.roots, count).reshape(-1, count)
    for _ in range(forest.depth):
        # No index is ever out of range; "wrap" is numpy's fastest way not to check for it.
        cut = forest.feature.take(nodes, mode="wrap")
        cut += offsets
        right = flat.take(cut, mode="wrap") > forest.threshold.take(nodes, mode="wrap")
        nodes = forest.left.take(nodes, mode="wrap")
        nodes += right
    lengths = np.zeros(count, dtype=np.float64)
    for credit in forest.credit.take(nodes):  # tree by tree: the order of the sum is part of the result
        lengths += credit
    return lengths
