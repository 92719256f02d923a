"""Which risky payments become alerts: one for a burst of an account, then only escalations."""

from collections.abc import Iterable

from detectors.account_memory import AlertMemory
from detectors.assessment import LEVELS, AlertStatus, RiskLevel

ALERT_FROM: RiskLevel = "high"
"""Alert = this level or above."""
BURST_SECONDS = 6 * 3600
"""Risky payments of an account closer than this belong to one burst: half an analyst's shift at most."""

_RANK = {level: rank for rank, level in enumerate(LEVELS)}
_RISKY = frozenset(LEVELS[_RANK[ALERT_FROM] :])


def is_risky(level: RiskLevel) -> bool:
    """Tell whether a level is worth an alert.

    >>> is_risky("high"), is_risky("medium")
    (True, False)
    """
    return level in _RISKY


def fold(
    last: AlertMemory | None, event_time: int, level: RiskLevel, codes: Iterable[str]
) -> tuple[AlertStatus, AlertMemory | None]:
    """Decide about one payment, given the account's last alert; `event_time` in whole seconds since 1970.

    Returns the status and the alert memory afterwards. A burst's first risky payment is "new"; later ones are an
    "escalation" if their level is higher or a reason is new, else "folded".
    """
    if not is_risky(level):
        return "none", last
    codes = tuple(sorted(codes))
    if last is None or abs(event_time - last.event_time) > BURST_SECONDS:
        return "new", AlertMemory(event_time, level, codes)
    known = {*last.codes}
    higher = _RANK[level] > _RANK[last.level]
    status: AlertStatus = "escalation" if higher or not known.issuperset(codes) else "folded"
    after = AlertMemory(
        max(event_time, last.event_time),
        level if higher else last.level,
        tuple(sorted(known.union(codes))),
    )
    return status, after
