"""Decides which alerts are told to people, so that neither history nor a bad model floods them.

No clock and no I/O: ages and times come in as seconds. What is held back is counted, and told in one summary.
"""

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from detectors.assessment import LEVELS, RiskLevel
from sinks.alerts import AlertEvent

Verdict = Literal["publish", "held_back", "backfill", "old", "below_level"]

_SECONDS_A_MINUTE = 60.0


@dataclass(frozen=True, kw_only=True)
class Restraint:
    """What people want to be told of."""

    level: RiskLevel = "high"
    """This one and graver ones."""
    max_age_seconds: float = 86_400.0
    """Since the payment reached us. Older alerts are no news."""
    per_minute: int = 60


class TokenBucket:
    """Lets `per_minute` things pass a minute, and as many at once after a quiet one.

    >>> bucket = TokenBucket(2)
    >>> [bucket.take(now) for now in (0.0, 0.0, 0.0, 30.0, 30.0)]
    [True, True, False, True, False]
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = self._tokens = float(per_minute)
        self._filled: float | None = None

    def take(self, now: float) -> bool:
        """Take a token if there is one; `now` in seconds, never less than before."""
        if self._filled is not None:
            grown = (now - self._filled) * self._per_minute / _SECONDS_A_MINUTE
            self._tokens = min(self._per_minute, self._tokens + grown)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Judge:
    """Applies a `Restraint` to alerts as they come."""

    def __init__(self, restraint: Restraint) -> None:
        self._restraint = restraint
        self._bucket = TokenBucket(restraint.per_minute)

    def judge(self, event: AlertEvent, age_seconds: float, now: float) -> Verdict:
        """Say what becomes of an alert that is `age_seconds` old; `now` in seconds of any clock."""
        assessment = event.data.assessment
        if assessment.backfill:
            return "backfill"
        if LEVELS.index(assessment.risk_level) < LEVELS.index(self._restraint.level):
            return "below_level"
        if age_seconds > self._restraint.max_age_seconds:
            return "old"
        return "publish" if self._bucket.take(now) else "held_back"


class RecentIds:
    """Remembers the newest ids, up to a bound.

    >>> ids = RecentIds(2)
    >>> for each in "abc":
    ...     ids.add(each)
    >>> [each in ids for each in "abc"]
    [False, True, True]
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._ids: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, id_: object) -> bool:
        return id_ in self._ids

    def add(self, id_: str) -> None:
        """Remember an id, and forget the oldest if there are too many."""
        self._ids[id_] = None
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)


SUMMARY_SECONDS: Final = 60.0
"""Between two summaries."""


@dataclass
class HeldBack:
    """The alerts that were held back since the last summary."""

    levels: Counter[RiskLevel] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """How many alerts name each reason."""
    first: datetime | None = None
    """The earliest event time among them."""
    last: datetime | None = None
    ids: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, event: AlertEvent) -> None:
        """Count an alert; one that is counted already changes nothing."""
        if event.id in self.ids:
            return
        assessment = event.data.assessment
        self.ids.add(event.id)
        self.levels[assessment.risk_level] += 1
        self.reasons.update({reason.code for reason in assessment.reasons})
        self.first = event.time if self.first is None else min(self.first, event.time)
        self.last = event.time if self.last is None else max(self.last, event.time)

    @property
    def gravest(self) -> RiskLevel:
        """The highest level among them."""
        return max(self.levels, key=LEVELS.index)
