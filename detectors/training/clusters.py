"""Finds where the centres of the online k-means start: k-means++ and Lloyd's algorithm over the history."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from detectors.features import FEATURES
from detectors.kmeans import Clusters, score_frozen, standardise

CLUSTER_FEATURES: Final = (
    "log_amount",
    "amount_z",
    "amount_ratio",
    "max_amount_z_7d",
    "velocity_ratio",
    "hour_rarity",
    "travel_speed",
    "login_attempts",
    "balance_share",
    "duration_z",
    "new_device",
)
CENTRES: Final = 8
RATE: Final = 0.005
"""A centre's memory is its last 200 or so payments."""
GUARD_QUANTILE: Final = 0.995
FIT_ROWS: Final = 20_000
"""More rows move the centres by less than an hour of live traffic does."""


def fit_clusters(rows: NDArray[np.float64], seed: int) -> Clusters:
    """Fit on feature rows, (n, d) float64."""
    columns = np.array([FEATURES.index(name) for name in CLUSTER_FEATURES], dtype=np.int64)
    chosen = rows[:, columns]
    mean = np.array([_mean(column) for column in chosen.T])
    scale = np.array([_scale(column) for column in chosen.T])
    nowhere = np.zeros((1, len(columns)))
    clusters = Clusters(columns=columns, mean=mean, scale=scale, centroids=nowhere, rate=RATE, guard=float("inf"))
    points = standardise(rows[spread(len(rows), FIT_ROWS)], clusters)
    model = KMeans(n_clusters=CENTRES, n_init=1, random_state=seed).fit(points)
    clusters = replace(clusters, centroids=model.cluster_centers_.astype(np.float64))
    distances = score_frozen(rows[spread(len(rows), FIT_ROWS)], clusters)
    return replace(clusters, guard=float(np.quantile(distances, GUARD_QUANTILE)))


def spread(count: int, limit: int) -> NDArray[np.int64]:
    """At most `limit` positions spread evenly over `count` rows."""
    if count <= limit:
        return np.arange(count, dtype=np.int64)
    positions: NDArray[np.int64] = np.floor(np.arange(limit) * (count / limit)).astype(np.int64)
    return positions


def _mean(column: NDArray[np.float64]) -> float:
    present = column[~np.isnan(column)]
    return float(np.mean(present)) if len(present) else 0.0


def _scale(column: NDArray[np.float64]) -> float:
    """Standard deviation of what is present; 1 for a column that never varies."""
    present = column[~np.isnan(column)]
    deviation = float(np.std(present)) if len(present) else 0.0
    return deviation if deviation > 1e-9 else 1.0
