"""A small seeded history with frauds, and the bundles that are trained on it, each made once."""

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray

from detectors.bundle import Bundle
from detectors.labels import Label, labels_from_truth
from detectors.training import train
from detectors.training.history import FeatureHistory, feature_history
from detectors.transaction import EnrichedTransaction

START = datetime(2026, 1, 5, tzinfo=UTC)
FRAUD_SHARE = 0.06


@cache
def history(payments: int = 1800, seed: int = 7) -> tuple[EnrichedTransaction, ...]:
    """Payments of 60 accounts over six weeks, in event-time order."""
    rng = np.random.default_rng(seed)
    seconds = np.sort(rng.uniform(0, 42 * 86_400, payments))
    accounts = rng.integers(0, 60, payments)
    means = rng.uniform(2.5, 4.5, 60)
    frauds = rng.random(payments) < FRAUD_SHARE
    return tuple(
        EnrichedTransaction(
            transaction_id=f"{'F' if fraud else 'T'}{number}",
            account_id=f"A{account}",
            merchant_id=f"M{rng.integers(0, 30)}",
            event_time=START + timedelta(seconds=round(float(second))),
            amount=round(float(np.exp(means[account] + rng.normal(0, 0.5) + (1.5 if fraud else 0.0))), 2),
            login_attempts=int(rng.integers(2, 6) if fraud else 1 + (rng.random() < 0.05)),
            duration_s=None if rng.random() < 0.3 else float(rng.integers(10, 200)),
        )
        for number, (second, account, fraud) in enumerate(zip(seconds, accounts, frauds, strict=True))
    )


@cache
def labels(payments: int = 1800, seed: int = 7) -> tuple[Label, ...]:
    """A chargeback for every fraud in `history`, a week after it."""
    paid = history(payments, seed)
    frauds = {tx.transaction_id: tx.transaction_id.startswith("F") for tx in paid}
    return tuple(labels_from_truth(paid, frauds, timedelta(days=7)))


@cache
def rarity_bundle() -> Bundle:
    return train(history())


@cache
def probability_bundle() -> Bundle:
    return train(history(), labels(), label_source="made up")


@cache
def features() -> FeatureHistory:
    return feature_history(history(), rarity_bundle().baseline, labels())


def rows(count: int = 600) -> NDArray[np.float64]:
    """The latest feature rows of the history: (count, d)."""
    return features().rows[-count:]
