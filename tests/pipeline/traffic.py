"""Simulated payments to feed a pipeline with, and a bundle trained on others of their kind."""

from datetime import timedelta
from functools import cache
from pathlib import Path

import msgspec

from detectors.bundle import Bundle
from detectors.labels import labels_from_truth
from detectors.timing import Timing
from detectors.training import train
from detectors.transaction import EnrichedTransaction, Transaction
from sinks.bundles import save_bundle
from stream.enrichment import enrich_embedded
from stream.simulation import SimulationConfig, simulate
from tests.pipeline.topics import Sending

_encode = msgspec.json.Encoder().encode


@cache
def payments(count: int, seed: int = 11) -> tuple[Transaction, ...]:
    """So many payments of strangers, in event-time order, with as many frauds among them as simulation allows."""
    # A person pays about 1.45 times a day.
    config = SimulationConfig(seed=seed, accounts=max(20, count // 25), days=30, fraud_rate=0.01)
    found = [each.transaction for each in simulate(config)]
    assert len(found) >= count
    return tuple(found[:count])


@cache
def enriched(count: int, seed: int = 11, backfill: bool = False) -> tuple[EnrichedTransaction, ...]:
    """The same payments as the first stage has to pass them on."""
    return tuple(enrich_embedded(payments(count, seed), backfill))


@cache
def small_bundle() -> Bundle:
    """A bundle whose four detectors all speak, and whose alerts are frequent enough to be met in small tests."""
    history = simulate(SimulationConfig(seed=7, accounts=250, days=28, fraud_rate=0.01))
    payments = [each.transaction for each in history]
    frauds = {each.transaction.transaction_id: each.is_fraud for each in history}
    labels = labels_from_truth(payments, frauds, timedelta(days=1))
    timing = Timing(delay_hours=24)
    bundle = train(enrich_embedded(payments), labels, timing=timing, label_source="simulation")
    assert bundle.manifest.score_kind == "probability"
    return bundle


def saved_bundle(directory: Path) -> Path:
    """Write the small bundle to a directory and return it."""
    save_bundle(small_bundle(), directory)
    return directory


def sending(transaction: Transaction) -> Sending:
    """A payment as the load generator sends it."""
    return Sending(transaction.account_id.encode(), _encode(transaction))
