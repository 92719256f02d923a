"""The four detectors side by side: the one place that calls each of them on a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.assessment import DETECTORS
from detectors.bundle import Bundle
from detectors.isolation_forest import isolation
from detectors.kmeans import CentroidMemory, follow, standardise
from detectors.logistic import logistic, logistic_contributions
from detectors.zscore import zscore, zscore_terms


@dataclass(frozen=True, eq=False)
class Causes:
    """What the features of n payments add to the scores of the detectors that are sums over features."""

    zscore: NDArray[np.float64]
    """(n, f) as `zscore_terms` gives it."""
    logistic: NDArray[np.float64] | None
    """(n, d) as `logistic_contributions` gives it; None without such a detector."""


def causes_of(rows: NDArray[np.float64], bundle: Bundle) -> Causes:
    """The causes in feature rows (n, d): detecting and fusing both need them."""
    return Causes(
        zscore_terms(rows, bundle.deviations),
        None if bundle.logistic is None else logistic_contributions(rows, bundle.logistic),
    )


def detect(
    rows: NDArray[np.float64], memory: CentroidMemory | None, bundle: Bundle, causes: Causes | None = None
) -> tuple[NDArray[np.float64], CentroidMemory]:
    """Raw scores of feature rows (n, d) of one partition, in order, and its centres after them.

    The scores are (n, 4) float64 in the order of `DETECTORS`, NaN where a detector cannot speak. No memory means a
    partition that has seen nothing yet. `causes` may be passed by a caller that has them already.
    """
    scores, (after,) = detect_together(
        rows, [memory], [slice(0, len(rows))], bundle, causes or causes_of(rows, bundle)
    )
    return scores, after


def detect_together(
    rows: NDArray[np.float64],
    memories: Sequence[CentroidMemory | None],
    parts: Sequence[slice],
    bundle: Bundle,
    causes: Causes,
) -> tuple[NDArray[np.float64], list[CentroidMemory]]:
    """As `detect`, for rows of several partitions: `parts` says which rows are whose, `memories` are theirs."""
    scores = np.full((len(rows), len(DETECTORS)), np.nan)
    points = standardise(rows, bundle.clusters).tolist()
    after = []
    for memory, part in zip(memories, parts, strict=True):
        scores[part, 1], moved = follow(points[part], memory, bundle.clusters)
        after.append(moved)
    scores[:, 0] = zscore(rows, bundle.deviations, causes.zscore)
    scores[:, 2] = isolation(rows, bundle.forest)
    if bundle.logistic is not None:
        scores[:, 3] = logistic(rows, bundle.logistic, causes.logistic)
    return scores, after
