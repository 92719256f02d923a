"""The product's part: a bundle from the days before a cut, and its scores after. Nothing else here calls it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from detectors.assessment import ScoreKind
from detectors.labels import Label, labels_from_truth
from detectors.timing import Timing
from detectors.training import train
from detectors.transaction import Transaction
from stream.backtest import backtest
from stream.enrichment import enrich_embedded

Kind = Literal["labelled", "label_free"]
KINDS: Final[tuple[Kind, ...]] = ("labelled", "label_free")
SCORES: Final[dict[Kind, ScoreKind]] = {"labelled": "probability", "label_free": "rarity"}
PARTITIONS: Final = 1


def scores_after(
    payments: Sequence[Transaction], frauds: dict[str, bool], cut: datetime, kind: Kind
) -> NDArray[np.float64]:
    """Train on what was before the cut, assess everything, and return the scores after it: (m,) float64.

    Labelled: frauds become known, to training and to the stream, when their delay has passed. Label-free: never.
    """
    enriched = enrich_embedded(payments)
    labels: list[Label] = []
    if kind == "labelled":
        labels = labels_from_truth(payments, frauds, timedelta(hours=Timing().delay_hours))
    bundle = train(enriched, labels, kind=SCORES[kind], until=cut)
    found = {
        each.transaction_id: each.fraud_risk_score
        for fold in backtest(enriched, bundle, PARTITIONS, labels)
        for each in fold.assessments
    }
    return np.array([found[payment.transaction_id] for payment in payments if payment.event_time > cut])
