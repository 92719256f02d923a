"""The four detectors side by side: the one place that calls each of them on a batch."""

import numpy as np
from numpy.typing import NDArray

from detectors.assessment import DETECTORS
from detectors.bundle import Bundle
from detectors.isolation_forest import isolation
from detectors.kmeans import CentroidMemory, score_and_learn
from detectors.logistic import logistic
from detectors.zscore import zscore


def detect(
    rows: NDArray[np.float64], memory: CentroidMemory | None, bundle: Bundle
) -> tuple[NDArray[np.float64], CentroidMemory]:
    """Raw scores of feature rows (n, d) of one partition, in order, and its centres after them.

    The scores are (n, 4) float64 in the order of `DETECTORS`, NaN where a detector cannot speak. No memory means a
    partition that has seen nothing yet.
    """
    scores = np.full((len(rows), len(DETECTORS)), np.nan)
    distances, memory = score_and_learn(rows, memory, bundle.clusters)
    scores[:, 0] = zscore(rows, bundle.deviations)
    scores[:, 1] = distances
    scores[:, 2] = isolation(rows, bundle.forest)
    if bundle.logistic is not None:
        scores[:, 3] = logistic(rows, bundle.logistic)
    return scores, memory
