"""Finds where the centres of the online k-means start: k-means++ and Lloyd's algorithm over the history."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from detectors.features import FEATURES
from detectors.kmeans import STANDARD_CAP, Clusters, score_frozen, standardise
from detectors.training.columns import column_means, column_medians, column_scales, one_sided, spread

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
    least = one_sided(CLUSTER_FEATURES, column_medians(chosen))
    chosen = np.where(np.isnan(chosen), chosen, np.maximum(chosen, least))
    mean, scale = column_means(chosen), column_scales(chosen)
    nowhere = np.zeros((1, len(columns)))
    clusters = Clusters(
        columns=columns,
        mean=mean,
        scale=scale,
        low=np.maximum((least - mean) / scale, -STANDARD_CAP),
        centroids=nowhere,
        rate=RATE,
        guard=float("inf"),
    )
    points = standardise(rows[spread(len(rows), FIT_ROWS)], clusters)
    model = KMeans(n_clusters=CENTRES, n_init=1, random_state=seed).fit(points)
    clusters = replace(clusters, centroids=model.cluster_centers_.astype(np.float64))
    distances = score_frozen(rows[spread(len(rows), FIT_ROWS)], clusters)
    return replace(clusters, guard=float(np.quantile(distances, GUARD_QUANTILE)))
