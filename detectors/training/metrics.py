"""How good a score is on reference rows that its detectors had not seen. Never accuracy."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from detectors.assessment import DETECTORS, LEVELS


def label_metrics(
    score: NDArray[np.float64],
    scores: NDArray[np.float64],
    codes: NDArray[np.int64],
    frauds: NDArray[np.bool_],
) -> dict[str, float]:
    """Ranking quality and recall by level; empty unless there are both frauds and genuine payments.

    `score` (n,) published, `scores` (n, 4) raw, `codes` (n,) levels, `frauds` (n,).
    """
    if not frauds.any() or frauds.all():
        return {}
    metrics = {
        "average_precision": float(average_precision_score(frauds, score)),
        "roc_auc": float(roc_auc_score(frauds, score)),
    }
    for detector, name in enumerate(DETECTORS):
        raw = scores[:, detector]
        spoken = ~np.isnan(raw)
        if frauds[spoken].any() and not frauds[spoken].all():
            metrics[f"average_precision_{name}"] = float(average_precision_score(frauds[spoken], raw[spoken]))
    for code in range(1, len(LEVELS)):
        metrics[f"recall_{LEVELS[code]}"] = float(np.mean(codes[frauds] >= code))
    return metrics


def probability_metrics(score: NDArray[np.float64], frauds: NDArray[np.bool_]) -> dict[str, float]:
    """How honest a probability, (n,) published 0 to 100, is: Brier's score, and mean said over share found."""
    said = score / 100.0
    return {
        "brier": float(np.mean((said - frauds) ** 2)),
        "brier_of_base_rate": float(np.mean((frauds.mean() - frauds) ** 2)),
        "said_over_found": float(said.mean() / max(frauds.mean(), 1e-12)),
    }


def level_shares(codes: NDArray[np.int64]) -> dict[str, float]:
    """Share of rows that reach each level, from their levels (n,): what the budgets became."""
    return {f"share_{LEVELS[code]}": float(np.mean(codes >= code)) for code in range(1, len(LEVELS))}
