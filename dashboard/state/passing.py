"""One assessed payment as it passes by: the few fields of an assessment that the page folds, and no more."""

from datetime import datetime
from typing import Annotated, Final, NamedTuple

import msgspec

from detectors.alerting import is_risky
from detectors.assessment import LEVELS, AlertStatus, Readings, RiskLevel


class Passing(msgspec.Struct, frozen=True, gc=False):
    """What is read of an assessment. Fields that are not named here are skipped, not decoded."""

    assessment_id: str
    transaction_id: str
    account_id: str
    merchant_id: str
    event_time: Annotated[datetime, msgspec.Meta(tz=True)]
    amount: float
    currency: str | None
    latitude: float | None
    longitude: float | None
    country: str | None
    ip_country: str | None
    fraud_risk_score: float
    risk_level: RiskLevel
    alert: AlertStatus
    tails: Readings
    degraded: tuple[str, ...]
    backfill: bool


RISKY: Final = frozenset(filter(is_risky, LEVELS))
"""The levels that count against the alert budget."""


class Passed(NamedTuple):
    """A payment and when it passed."""

    payment: Passing
    at: float
    """Timestamp of the assessment's record, in seconds since 1970."""
    produced: float | None
    """When the payment was produced, likewise; None where nobody said."""
    value: bytes
    """The whole assessment as it was published."""
