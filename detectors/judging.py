"""The one look of the four detectors at observed payments, fused and put into words.

`assess` comes here from the memories of partitions, `feature_rows` from documents; neither scores in its own way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.features import feature_matrix
from detectors.fusion import fuse
from detectors.kmeans import CentroidMemory
from detectors.observation import Observation
from detectors.panel import causes_of, detect_together
from detectors.verdict import Alerting, conclude


@dataclass(frozen=True, slots=True)
class Judged:
    """What the detectors make of n payments."""

    assessments: list[Assessment]
    tails: NDArray[np.float64]
    """(n, 4), see `fusion.Fused`."""
    centroids: list[CentroidMemory]
    """The centres of each part after its payments."""


Judging = Callable[
    [Sequence[Observation], Sequence[Alerting], Sequence[CentroidMemory | None], Sequence[slice], Bundle], Judged
]
"""Whoever does what `judge` does."""


def judge(
    seen: Sequence[Observation],
    accounts: Sequence[Alerting],
    memories: Sequence[CentroidMemory | None],
    parts: Sequence[slice],
    bundle: Bundle,
) -> Judged:
    """Score observed payments, one or more; their accounts' alerts move on.

    `accounts` are as many as `seen`; `parts` says which of them belong to which of `memories`.
    """
    # Whoever comes next goes through the matrix column by column.
    rows = np.asfortranarray(feature_matrix([observation.row for observation in seen]))
    causes = causes_of(rows, bundle)
    scores, moved = detect_together(rows, memories, parts, bundle, causes)
    fused = fuse(scores, rows, bundle, causes)
    return Judged(conclude(seen, rows, scores, fused, bundle, accounts), fused.tails, moved)
