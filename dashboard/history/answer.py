"""What the archive answers about some days: one value, from which page and downloads take the same figures."""

from datetime import date, datetime

import msgspec

from dashboard.history.days import Days
from detectors.assessment import RiskLevel, ScoreKind
from detectors.evaluation.ranking import Interval
from detectors.labels import LabelSource


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """The days that every figure is of."""

    start: date
    end: date
    """Included."""
    days: int
    since: datetime = msgspec.field(name="from")
    until: datetime = msgspec.field(name="to")
    """Not included."""


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """All payments of the range."""

    payments: int
    accounts: int
    risky: int
    """Payments at high or above."""
    alerts: int
    """Published: first alerts and escalations. What else a burst brings is folded into one that is out."""
    alerted_accounts: int
    backfill_left_out: int
    """Payments that a replay of history brought, which do not count here."""


class AlertRate(msgspec.Struct, frozen=True, kw_only=True):
    """Payments at high or above beside the share that they may have."""

    share: float | None
    budget: float | None
    """Of the bundle in use; None if there is none."""
    budget_version: str | None
    """The bundle whose budget it is."""


class BundleUse(msgspec.Struct, frozen=True, kw_only=True):
    """Payments that one bundle assessed."""

    version: str
    score_kind: ScoreKind
    provisional: bool
    payments: int


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One UTC day."""

    date: date
    payments: int
    risky: int
    alerts: int
    critical: int
    """Alerts of level critical."""


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """One UTC hour."""

    hour: datetime
    """Its start."""
    payments: int
    risky: int
    alerts: int
    critical: int


class ScoreStep(msgspec.Struct, frozen=True, kw_only=True):
    """Payments with a score of one kind in a step of 5."""

    score_kind: ScoreKind
    score_from: float
    score_to: float
    """Not included, but for 100."""
    payments: int
    alerts: int


class LevelShare(msgspec.Struct, frozen=True, kw_only=True):
    """Payments of one level."""

    level: RiskLevel
    payments: int
    share: float | None
    """Of all payments."""
    alerts: int


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Payments that share a value, such as a country."""

    value: str | None
    """None is unknown, or the rest of a long list."""
    others: int
    """0; in the last row of a long list, how many values it sums up."""
    payments: int
    risky: int
    alerts: int


class ValueAtRisk(msgspec.Struct, frozen=True, kw_only=True):
    """Payments at high or above in one currency; different ones are never added up."""

    currency: str | None
    """None is the bundle's base currency."""
    payments: int
    amount: float
    largest_amount: float


class ReasonCount(msgspec.Struct, frozen=True, kw_only=True):
    """A cause of alerts."""

    code: str
    alerts: int
    """That name it."""
    share: float
    """Of alerts."""


class Precision(msgspec.Struct, frozen=True, kw_only=True):
    """What became of payments at high or above, of a level or of both."""

    risky: int
    decided: int
    """Known to be fraud or genuine."""
    confirmed: int
    inconclusive: int
    """Looked at without a result; counted among neither."""
    share: float | None
    """Confirmed of decided; None if nothing is decided, or only by chargebacks, which name frauds alone."""
    interval: Interval | None
    """Of `share`, 95 % (Wilson)."""
    decided_by: dict[LabelSource, int]


class ChargebackRecall(msgspec.Struct, frozen=True, kw_only=True):
    """Of the frauds that customers reported, those whose payments were at high or above."""

    frauds: int
    alerted: int
    not_found: int
    """Reported frauds of these days that the archive does not hold, or only from a replay of history."""
    share: float | None
    interval: Interval | None
    """Of `share`, 95 % (Wilson)."""


class SampleRecall(msgspec.Struct, frozen=True, kw_only=True):
    """What a random sample of payments below high says of frauds that went by."""

    payments: int
    """Below high, from which the sample was drawn."""
    checked: int
    """Of the sample, those known to be fraud or genuine."""
    confirmed: int
    missed: float | None
    """Estimated frauds below high: `confirmed / checked * payments`; None if nothing was checked."""
    missed_interval: Interval | None
    """95 % (Wilson's interval of the share, times `payments`)."""
    caught: int
    """Confirmed frauds at high or above; alerts that nobody decided do not count."""
    share: float | None
    """`caught / (caught + missed)`; None if nothing was checked or no fraud is known."""
    interval: Interval | None


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """How many frauds were found, where that can be known: never from what analysts say of alerts alone."""

    chargebacks: ChargebackRecall
    sample: SampleRecall


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a range of days."""

    held: Days
    """What the archive has objects of."""
    range: Range
    backfill: bool
    """Payments that a replay of history brought are counted."""
    totals: Totals
    alert_rate: AlertRate
    bundles: tuple[BundleUse, ...]
    days: tuple[Day, ...]
    """Every one, also those without payments."""
    hours: tuple[Hour, ...]
    """Likewise."""
    scores: tuple[ScoreStep, ...]
    levels: tuple[LevelShare, ...]
    countries: tuple[Group, ...]
    channels: tuple[Group, ...]
    value_at_risk: tuple[ValueAtRisk, ...]
    reasons: tuple[ReasonCount, ...]
    precision: Precision
    precision_by_level: dict[RiskLevel, Precision]
    recall: Recall
