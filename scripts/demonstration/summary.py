"""What the demo says at the end: counts, rates, quality beside "amount only", latency; a value that is JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from detectors.alerting import is_risky
from detectors.assessment import LEVELS, RiskLevel


class Payment(msgspec.Struct, frozen=True):
    """One archived assessment, as far as the summary looks at it."""

    transaction_id: str
    amount: float
    score: float
    level: RiskLevel
    published: bool
    """It became an alert of its own, instead of being folded into one that was out already."""


class PatternRecall(msgspec.Struct, frozen=True):
    """How much of one kind of fraud was found."""

    pattern: str
    frauds: int
    found: int
    found_by_amount: int


class Found(msgspec.Struct, frozen=True):
    """How many transactions were flagged, and what of that was fraud."""

    risky: int
    precision: float | None
    recall: float | None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The demo's result. Rates are shares between 0 and 1; quality is None where there are no labels."""

    transactions: int
    assessed: int
    alerts: int
    """Published alerts: an account's burst is one, plus its escalations."""
    risky: int
    """Transactions at level high or above, whether an alert of their own or part of one."""
    dead_letters: int
    alert_rate: float
    """Share of the live transactions at level high or above; this is what the budget is about."""
    alert_budget: float
    score_kind: str
    precision: float | None
    recall: float | None
    baseline_precision: float | None
    """Of "amount only": as many transactions, those with the largest amounts."""
    baseline_recall: float | None
    patterns: list[PatternRecall]
    labels: int
    """Frauds that became known while the payments were played."""
    blamed: int
    """Live transactions with a reason that rests on them: frauds at their merchant."""
    without_labels: Found | None
    """What the same bundle finds in the same payments if no label ever comes; None where nothing is labelled."""
    latency_p50_ms: float | None
    """From a transaction's produce call to its alert in a subscriber's hands."""
    latency_p99_ms: float | None
    backfilled: int
    s3_objects: int
    levels: dict[str, int]
    """Live transactions by risk level."""
    backfilled_levels: dict[str, int]
    """Those of the history, which the bundle of `--csv` was trained on."""


def quality(
    payments: Sequence[Payment], frauds: Mapping[str, str]
) -> tuple[float | None, float | None, float | None, float | None, list[PatternRecall]]:
    """Return precision, recall, the same two of "amount only", and recall by pattern.

    `frauds` maps the ids of known frauds to their pattern. Precision is None without a risky payment, recall
    without a fraud.
    """
    risky = [payment for payment in payments if is_risky(payment.level)]
    largest = sorted(payments, key=lambda payment: (-payment.amount, payment.transaction_id))[: len(risky)]
    present = Counter(frauds[p.transaction_id] for p in payments if p.transaction_id in frauds)
    found = Counter(frauds[p.transaction_id] for p in risky if p.transaction_id in frauds)
    by_amount = Counter(frauds[p.transaction_id] for p in largest if p.transaction_id in frauds)
    patterns = [
        PatternRecall(name, count, found[name], by_amount[name]) for name, count in sorted(present.items())
    ]
    return (
        _share(found.total(), len(risky)),
        _share(found.total(), present.total()),
        _share(by_amount.total(), len(risky)),
        _share(by_amount.total(), present.total()),
        patterns,
    )


def levels(payments: Sequence[Payment]) -> dict[str, int]:
    """Count payments by risk level, the lowest first; levels that do not occur count 0."""
    counts = Counter(payment.level for payment in payments)
    return {level: counts[level] for level in LEVELS}


def percentile_ms(latencies_s: Sequence[float], percent: float) -> float | None:
    """Return a percentile in milliseconds, None of nothing."""
    return round(float(np.percentile(latencies_s, percent)) * 1000, 1) if latencies_s else None


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
