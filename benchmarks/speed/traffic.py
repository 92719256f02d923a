"""The payments and the bundles that every rival gets: simulated, so that the benchmark needs no data set."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from detectors.bundle import Bundle
from detectors.labels import labels_from_truth
from detectors.thresholds import Budgets
from detectors.training import train
from detectors.transaction import Transaction
from stream.enrichment import enrich_embedded
from stream.errors import StreamError
from stream.simulation import SimulationConfig, simulate
from stream.timeline import repeat

TRAINING: Final = SimulationConfig(seed=7, accounts=500, days=35)
DAYS: Final = 3
"""Of traffic. Live, all payments of a minute have one date; of a history that is poured in, the archive writes an
object for each date."""
PAYMENTS_A_DAY: Final = 1.4
"""Of one simulated person, a little under the mean."""
ALERTING: Final = Budgets(critical=0.05, high=0.12, medium=0.2)
"""For latencies: so many alerts that even 500 payments a second give a thousand samples. An account in a burst
gets one alert, so that the alerts are under half of the risky payments."""


def account_count(transactions: int) -> int:
    """So many accounts make that many payments in `DAYS`."""
    return max(300, round(transactions / (DAYS * PAYMENTS_A_DAY)))


def draw_payments(transactions: int) -> list[Transaction]:
    """The payments, in order of time."""
    config = SimulationConfig(seed=11, accounts=account_count(transactions), days=DAYS)
    return [each.transaction for each in simulate(config)][:transactions]


def later(payments: Sequence[Transaction], count: int) -> list[Transaction]:
    """So many payments of the same accounts that follow after `payments`, with ids of their own.

    Raises:
        StreamError: they would reach into the future, where the worker takes none.
    """
    passes = islice(repeat(payments, datetime.now(UTC)), len(payments), len(payments) + count)
    found = [each for each in passes if isinstance(each, Transaction)]
    if len(found) < count:
        raise StreamError(
            f"{len(payments)} payments, repeated until today, do not give {count} later ones: draw more"
        )
    return found


def trained_bundle(budgets: Budgets | None = None) -> Bundle:
    """A bundle with all four detectors, trained on other simulated accounts."""
    history = simulate(TRAINING)
    payments = [each.transaction for each in history]
    frauds = {each.transaction.transaction_id: each.is_fraud for each in history}
    labels = labels_from_truth(payments, frauds, timedelta(days=7))
    return train(enrich_embedded(payments), labels, budgets=budgets)
