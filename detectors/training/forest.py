"""Fits an isolation forest with scikit-learn and lays its trees out as the flat arrays that serving walks."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from detectors.features import FEATURES
from detectors.isolation_forest import Forest
from detectors.training.columns import column_medians, one_sided

FOREST_FEATURES: Final = (
    "log_amount",
    "amount_z",
    "amount_ratio",
    "max_amount_z_7d",
    "velocity_ratio",
    "travel_speed",
    "hour_rarity",
    "login_attempts_z",
    "balance_share_z",
    "duration_z",
)
"""Few columns that say different things: every further one makes the cuts that matter rarer."""
TREES: Final = 100
SAMPLE_ROWS: Final = 4_096
"""Rows that each tree sees. The usual 256 blur what is rarer than one in a hundred (measured on labelled data)."""


def fit_forest(rows: NDArray[np.float64], seed: int) -> Forest:
    """Fit on feature rows, (n, d) float64."""
    columns = np.array([FEATURES.index(name) for name in FOREST_FEATURES], dtype=np.int64)
    chosen = rows[:, columns]
    median = column_medians(chosen)
    low = one_sided(FOREST_FEATURES, median)
    filled = np.maximum(np.where(np.isnan(chosen), median, chosen), low)
    model = IsolationForest(n_estimators=TREES, max_samples=min(SAMPLE_ROWS, len(rows)), random_state=seed)
    return flatten(model.fit(filled), columns, median, low)


def flatten(
    model: IsolationForest, columns: NDArray[np.int64], median: NDArray[np.float64], low: NDArray[np.float64]
) -> Forest:
    """The flat form of a fitted forest that looked at every column."""
    trees = [_flatten_tree(estimator.tree_) for estimator in model.estimators_]
    sizes = np.array([len(tree["feature"]) for tree in trees], dtype=np.int64)
    roots = np.cumsum(sizes) - sizes
    return Forest(
        columns=columns,
        median=median,
        low=low,
        feature=np.concatenate([tree["feature"] for tree in trees]),
        threshold=np.concatenate([tree["threshold"] for tree in trees]),
        left=np.concatenate([tree["left"] + root for tree, root in zip(trees, roots, strict=True)]),
        credit=np.concatenate([tree["credit"] for tree in trees]),
        roots=roots,
        depth=max(int(tree["depth"]) for tree in trees),
        normaliser=len(trees) * float(expected_path(np.array([model.max_samples_]))[0]),
    )


def _flatten_tree(tree: Any) -> dict[str, Any]:
    """One tree, its nodes renumbered level by level so that siblings stand side by side."""
    order, left, depths = [0], [], [0]
    for position, node in enumerate(order):  # grows while it is walked
        if tree.children_left[node] < 0:
            left.append(position)
            continue
        left.append(len(order))
        order += [tree.children_left[node], tree.children_right[node]]
        depths += [depths[position] + 1] * 2
    leaf = np.array(left) == np.arange(len(order))
    return {
        "feature": np.where(leaf, 0, tree.feature[order]).astype(np.int64),
        "threshold": np.where(leaf, np.float32(np.inf), round_down(tree.threshold[order])),
        "left": np.array(left, dtype=np.int64),
        "credit": np.array(depths) + expected_path(tree.n_node_samples[order]),
        "depth": max(depths),
    }


def round_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest single precision numbers not above: values of single precision compare with them the same."""
    rounded = thresholds.astype(np.float32)
    above = rounded.astype(np.float64) > thresholds
    rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
    return rounded


def expected_path(samples: NDArray[Any]) -> NDArray[np.float64]:
    """Expected number of cuts to isolate one of `samples` points, c(n) of Liu et al. 2008, equation 1."""
    count = np.asarray(samples, dtype=np.float64)
    many = np.maximum(count, 3.0)
    path = 2.0 * (np.log(many - 1.0) + np.euler_gamma) - 2.0 * (many - 1.0) / many
    result: NDArray[np.float64] = np.where(count <= 1, 0.0, np.where(count == 2, 1.0, path))
    return result
