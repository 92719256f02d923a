"""The product's part: a bundle without labels, and its scores. The only place that calls the product."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.training import train
from detectors.transaction import Transaction
from stream.backtest import backtest
from stream.enrichment import enrich_embedded

OURS: Final = "fused score"
SINGLE: Final = ("zscore", "kmeans", "isolation_forest")
"""Our detectors that need no labels."""


def fit_bundle(history: Sequence[Transaction]) -> Bundle:
    """Train without labels, so that the score is a rarity."""
    return train(enrich_embedded(history))


def score(payments: Sequence[Transaction], bundle: Bundle) -> dict[str, NDArray[np.float64]]:
    """Score payments in event-time order, every memory empty before the first of them.

    What an account is compared with at first is only the bundle's priors. Returns (n,) float64 by name: the
    published fraud risk score under OURS, and the raw score of each of SINGLE.
    """
    (fold,) = backtest(enrich_embedded(payments), bundle, partitions=1)
    found = {each.transaction_id: each for each in fold.assessments}
    assessed = [found[payment.transaction_id] for payment in payments]
    scores = {name: np.array([_reading(each, name) for each in assessed]) for name in SINGLE}
    return {OURS: np.array([each.fraud_risk_score for each in assessed]), **scores}


def _reading(assessment: Assessment, detector: str) -> float:
    reading: float | None = getattr(assessment.scores, detector)
    return -math.inf if reading is None else reading
