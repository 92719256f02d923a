"""What the product says about one payment: the contract of the topics `assessments` and `alerts`."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

ScoreKind = Literal["probability", "rarity", "rarity+feedback"]
RiskLevel = Literal["low", "medium", "high", "critical"]
RecommendedAction = Literal["approve", "review", "step_up", "decline"]
Maturity = Literal["new", "warming", "mature"]
AlertStatus = Literal["none", "new", "escalation", "folded"]

LEVELS: tuple[RiskLevel, ...] = ("low", "medium", "high", "critical")
ACTIONS: dict[RiskLevel, RecommendedAction] = {
    "low": "approve",
    "medium": "review",
    "high": "step_up",
    "critical": "decline",
}
DETECTORS = ("zscore", "kmeans", "isolation_forest", "logistic")
"""The order of columns wherever four detectors stand side by side."""


class Readings(msgspec.Struct, frozen=True, gc=False):
    """One number per detector, higher means stranger; None where a detector could not speak."""

    zscore: float | None = None
    kmeans: float | None = None
    isolation_forest: float | None = None
    logistic: float | None = None


class Reason(msgspec.Struct, frozen=True, gc=False):
    """One cause of a score, in words that carry the numbers."""

    code: str
    """A stable UPPER_SNAKE name, listed in docs/reasons.md."""
    contribution: float
    """This cause's share of `Assessment.statistic`, in its unit."""
    text: str


class Share(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A feature's part in what one detector finds strange."""

    feature: str
    text: str
    """What a person reads, with the value."""
    value: float
    """Of the feature row."""
    share: float
    """Above 0 to 1; those of all features of a detector add up to 1."""


class Split(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one detector that is no sum over features finds strange, approximately."""

    detector: str
    features: tuple[Share, ...]
    """At most five, largest first; shares below one percent are left out."""


class Assessment(msgspec.Struct, frozen=True, gc=False):
    """The verdict on one payment. It holds only what follows from the data; timings travel in headers."""

    assessment_id: str
    """The same for the same payment under the same bundle, however often it is computed: deduplicate by it."""
    transaction_id: str
    account_id: str
    merchant_id: str
    event_time: Annotated[datetime, msgspec.Meta(tz=True)]
    amount: float
    currency: str | None
    transaction_type: str | None
    channel: str | None
    location: str | None
    latitude: float | None
    """Of the payment, or of its IP address where the payment has none."""
    longitude: float | None
    country: str | None
    ip_country: str | None
    fraud_risk_score: float
    """0 to 100, rounded half to even to 4 decimals; what it means is `score_kind`."""
    score_kind: ScoreKind
    risk_level: RiskLevel
    recommended_action: RecommendedAction
    alert: AlertStatus
    """"new" and "escalation" are published as alerts; "folded" belongs to an alert already out."""
    maturity: Maturity
    scores: Readings
    """Raw anomaly scores."""
    tails: Readings
    """Share of reference traffic at least as strange, per detector: 0.001 is one payment in a thousand."""
    statistic: float
    """What the reasons add up to: log-odds (probability) or the fused tail statistic (rarity)."""
    baseline: float
    """The part of `statistic` that every payment shares."""
    other: float
    """From causes too small to be listed; baseline + other + the reasons' contributions = statistic."""
    reasons: tuple[Reason, ...]
    """Largest contribution first."""
    features: tuple[float | None, ...]
    """The feature row, in the order of the feature version; None is missing."""
    degraded: tuple[str, ...]
    late: bool
    """The payment arrived after a younger one of its account."""
    backfill: bool
    provisional: bool
    """The thresholds rest on fewer than 1,000 reference rows."""
    bundle_version: str
    feature_version: str
    approximate: tuple[Split, ...] = ()
    """From level medium up: the isolation forest and k-means, each split over features. It is an approximation and
    never part of `reasons`, where each of them is one cause."""
