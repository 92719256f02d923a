"""What the demo shows: payments to train on, payments that warm the memories, payments that come in live."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from detectors.labels import Label, labels_from_truth
from detectors.transaction import Transaction
from stream.simulation import SimulatedTransaction, SimulationConfig, simulate
from stream.sources.files import FileContents

TRAINING_SEED, LIVE_SEED = 7, 11
START = datetime(2026, 1, 5, tzinfo=UTC)
TRAINING_DAYS, BACKFILL_DAYS, LIVE_DAYS = 35, 21, 14
LABEL_DELAY = timedelta(days=1)
"""Customers who call the next day. Chargebacks take weeks, and frauds at a merchant are over by then."""
TRAINING_ACCOUNTS, LIVE_ACCOUNTS = 1000, 500


@dataclass(frozen=True, slots=True)
class World:
    """Payments in event-time order, and what is known about them."""

    title: str
    training: Sequence[Transaction]
    labels: dict[str, bool] | None
    """Of the training payments; None where nobody knows which were fraud."""
    backfill: Sequence[Transaction]
    live: Sequence[Transaction]
    frauds: dict[str, str] | None
    """Transaction id to pattern of every live fraud; None without labels."""
    observed: Sequence[Label]
    """What becomes known of these payments while they are played, each fraud `LABEL_DELAY` after it happened."""
    simulated: bool

    @property
    def border(self) -> datetime:
        """Where the live payments begin."""
        return self.live[0].event_time if self.live else START


def simulated_world() -> World:
    """Return two populations: one to learn from, and strangers whose later weeks come in live.

    The strangers are drawn with another seed, so no account, merchant or fraud is met again.
    """
    past = simulate(
        SimulationConfig(seed=TRAINING_SEED, accounts=TRAINING_ACCOUNTS, days=TRAINING_DAYS, start=START)
    )
    later = simulate(
        SimulationConfig(
            seed=LIVE_SEED,
            accounts=LIVE_ACCOUNTS,
            days=BACKFILL_DAYS + LIVE_DAYS,
            start=START + timedelta(days=TRAINING_DAYS - BACKFILL_DAYS),
        )
    )
    border = START + timedelta(days=TRAINING_DAYS)
    live = [payment for payment in later if payment.transaction.event_time >= border]
    return World(
        title=f"simulated traffic: {TRAINING_ACCOUNTS:,} accounts to learn from, {LIVE_ACCOUNTS:,} others live",
        training=[payment.transaction for payment in past],
        labels={payment.transaction.transaction_id: payment.is_fraud for payment in past},
        backfill=[p.transaction for p in later if p.transaction.event_time < border],
        live=[payment.transaction for payment in live],
        frauds={p.transaction.transaction_id: _pattern(p) for p in live if p.is_fraud},
        observed=_observed(
            [payment.transaction for payment in later],
            {payment.transaction.transaction_id: payment.is_fraud for payment in later},
        ),
        simulated=True,
    )


def file_world(path: Path, contents: FileContents) -> World:
    """Return the user's own payments: the earlier half, by event time, to learn from; the later half live."""
    ordered = sorted(contents.transactions, key=lambda transaction: transaction.event_time)
    middle = len(ordered) // 2
    earlier, later = ordered[:middle], ordered[middle:]
    labels, patterns = contents.labels, contents.patterns or {}
    return World(
        title=f"{path.name}: {len(earlier):,} payments to learn from, the {len(later):,} after them live",
        training=earlier,
        labels=None
        if labels is None
        else {t.transaction_id: labels.get(t.transaction_id, False) for t in earlier},
        backfill=earlier,
        live=later,
        frauds=None
        if labels is None
        else {
            t.transaction_id: patterns.get(t.transaction_id) or "fraud"
            for t in later
            if labels.get(t.transaction_id)
        },
        observed=_observed(ordered, labels or {}),
        simulated=False,
    )


def _observed(payments: Sequence[Transaction], frauds: dict[str, bool]) -> list[Label]:
    """What becomes known up to the last of some payments in event-time order."""
    last = payments[-1].event_time if payments else START
    return [label for label in labels_from_truth(payments, frauds, LABEL_DELAY) if label.observed_at <= last]


def _pattern(payment: SimulatedTransaction) -> str:
    return payment.fraud_pattern or "fraud"
