"""The online k-means detector: distance to the nearest centre of what this partition's traffic looks like now.

Centres start from the bundle and follow the traffic one payment at a time: MacQueen's sequential k-means with a
constant rate, as in river's `cluster.KMeans`. Distances are computed row by row and never depend on a batch.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.stored import Codec

MEMORY_VERSION: Final = 1
STANDARD_CAP: Final = 10.0
"""Standardised values are clipped here, so that one rare feature cannot make all other distances negligible."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """What the bundle says about k-means: the columns used (dk of them), their scale, and where centres start."""

    columns: NDArray[np.int64]
    """(dk,) positions in the feature row."""
    mean: NDArray[np.float64]
    """(dk,) subtracted from the columns; a missing value counts as the mean."""
    scale: NDArray[np.float64]
    """(dk,) divides the columns, never 0."""
    low: NDArray[np.float64]
    """(dk,) in standardised units: values below count as this one, since what is merely smaller than usual is not
    strange."""
    centroids: NDArray[np.float64]
    """(k, dk) in standardised units."""
    rate: float
    """How far the nearest centre moves towards a payment, 0 to 1; 0 learns nothing."""
    guard: float
    """A payment farther than this is scored and not learned from; infinity turns the guard off."""

    @cached_property
    def fingerprint(self) -> str:
        """Twelve hex digits that change with any of the values: centres learned under others are of no use."""
        digest = hashlib.sha256(np.array([self.rate, self.guard]).tobytes())
        for array in (self.columns, self.mean, self.scale, self.low, self.centroids):
            digest.update(array.tobytes())
        return digest.hexdigest()[:12]


class CentroidMemory(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The centres of one partition."""

    version: int = MEMORY_VERSION
    origin: str
    """Fingerprint of the `Clusters` that these centres started from."""
    learned: int
    """How many payments have moved a centre."""
    centroids: bytes
    """(k, dk) float64, little-endian, row after row."""


_codec = Codec(CentroidMemory, "The k-means memory", MEMORY_VERSION)
encode_centroids = _codec.encode
decode_centroids = _codec.decode


def start_centroids(clusters: Clusters) -> CentroidMemory:
    """The memory of a partition that has seen nothing yet."""
    return CentroidMemory(
        origin=clusters.fingerprint,
        learned=0,
        centroids=clusters.centroids.astype("<f8").tobytes(),
    )


def standardise(rows: NDArray[np.float64], clusters: Clusters) -> NDArray[np.float64]:
    """The columns that k-means looks at: (n, dk) float64, in standard deviations, missing = 0."""
    values = (rows.T[clusters.columns] - clusters.mean[:, None]) / clusters.scale[:, None]
    values[np.isnan(values)] = 0.0
    standard: NDArray[np.float64] = np.clip(values, clusters.low[:, None], STANDARD_CAP).T
    return standard


def score_and_learn(
    rows: NDArray[np.float64], memory: CentroidMemory | None, clusters: Clusters
) -> tuple[NDArray[np.float64], CentroidMemory]:
    """Score each feature row in order, moving its nearest centre after it has been scored.

    Returns the Euclidean distances, (n,) float64 in standard deviations, and the new memory. A memory that started
    from another bundle's centres is left behind and the bundle's own are taken.
    """
    distances, after = follow(standardise(rows, clusters).tolist(), memory, clusters)
    return np.array(distances, dtype=np.float64), after


def follow(
    points: Iterable[Sequence[float]], memory: CentroidMemory | None, clusters: Clusters
) -> tuple[list[float], CentroidMemory]:
    """Do as `score_and_learn` does, for rows that are standardised already."""
    if memory is None or memory.origin != clusters.fingerprint:
        memory = start_centroids(clusters)
    k, width = clusters.centroids.shape
    centres = [tuple(row) for row in np.frombuffer(memory.centroids, dtype="<f8").reshape(k, width).tolist()]
    rate, guard, learned = clusters.rate, clusters.guard, memory.learned
    scores: list[float] = []
    for point in map(tuple, points):
        distances = list(map(math.dist, centres, repeat(point)))
        nearest = min(distances)
        scores.append(nearest)
        if nearest <= guard:
            moved = distances.index(nearest)  # of equals the first, as in river
            centres[moved] = tuple([c + rate * (x - c) for c, x in zip(centres[moved], point, strict=True)])
            learned += 1
    after = CentroidMemory(
        origin=memory.origin, learned=learned, centroids=np.array(centres, dtype="<f8").tobytes()
    )
    return scores, after


def score_frozen(rows: NDArray[np.float64], clusters: Clusters) -> NDArray[np.float64]:
    """Distances to the bundle's own centres, learning nothing: for places that keep no memory. (n,) float64."""
    centres = [tuple(row) for row in clusters.centroids.tolist()]
    points = map(tuple, standardise(rows, clusters).tolist())
    scores = [min([math.dist(centre, point) for centre in centres]) for point in points]
    return np.array(scores, dtype=np.float64)
