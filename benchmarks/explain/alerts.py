"""Alerts to explain: those that a backtest raises on simulated strangers, with a bundle of one kind of score."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.assessment import Assessment, ScoreKind
from detectors.bundle import Bundle
from detectors.labels import Label, labels_from_truth
from detectors.training import train
from detectors.transaction import EnrichedTransaction
from stream.backtest import backtest
from stream.enrichment import enrich_embedded
from stream.simulation import SimulationConfig, simulate
from stream.stages.assess import publishes_alert

TRAINING: Final = SimulationConfig(seed=7, accounts=1000, days=35, fraud_rate=0.005)
STRANGERS: Final = SimulationConfig(seed=11, accounts=500, days=35, fraud_rate=0.005)
DELAY: Final = timedelta(days=1)
PARTITIONS: Final = 4


@dataclass(frozen=True)
class Alerts:
    """What one bundle alerts."""

    bundle: Bundle
    assessments: Sequence[Assessment]
    payments: int
    """Assessed for them."""

    @property
    def rows(self) -> list[NDArray[np.float64]]:
        """The feature row of each, (d,) float64, NaN is missing."""
        return [
            np.array([np.nan if value is None else value for value in assessment.features])
            for assessment in self.assessments
        ]


def raise_alerts(kind: ScoreKind) -> Alerts:
    """Train on one population and alert another, no account of which was met."""
    history, known = _drawn(TRAINING)
    bundle = train(history, known, kind=kind, label_source="simulation")
    strangers, later = _drawn(STRANGERS)
    folds = backtest(strangers, bundle, PARTITIONS, later)
    assessed = [each for fold in folds for each in fold.assessments]
    return Alerts(bundle, [each for each in assessed if publishes_alert(each)], len(assessed))


def _drawn(config: SimulationConfig) -> tuple[list[EnrichedTransaction], list[Label]]:
    drawn = simulate(config)
    payments = [each.transaction for each in drawn]
    frauds = {each.transaction.transaction_id: each.is_fraud for each in drawn}
    return enrich_embedded(payments), labels_from_truth(payments, frauds, DELAY)
