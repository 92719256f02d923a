"""What alerting some of the payments would have meant: how many, how many of them frauds, and how much money."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.assessment import LEVELS, RiskLevel
from detectors.evaluation.scored import Scored
from detectors.thresholds import Budgets

ALERT_BUDGETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
"""Shares of payments for which precision and recall are told."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Some payments out of a set. Precision, recall and the rest are of labelled payments; None without them."""

    payments: int
    share: float | None
    """Of all payments of the set."""
    labelled: int
    frauds: int
    precision: float | None
    """Share of frauds among those reached."""
    recall: float | None
    """Share of the set's frauds that are reached."""
    false_positive_rate: float | None
    """Share of the set's genuine payments that are reached."""
    value_detected: float | None
    """Share of the set's fraud amount that is reached: the value detection rate."""


class BudgetReach(msgspec.Struct, frozen=True, kw_only=True):
    """The highest scores that an alert budget allows."""

    budget: float
    least_score: float
    """Every payment with this score or more; equal scores may exceed the budget a little."""
    reach: Reach


class LevelReach(msgspec.Struct, frozen=True, kw_only=True):
    """A level, as the bundle's thresholds gave it."""

    level: RiskLevel
    budget: float | None
    """Share of payments that may reach the level or a higher one; None for `low`, which has none."""
    at: Reach
    """Payments of this level."""
    upwards: Reach
    """Payments of this level or a higher one."""


def reach(scored: Scored, reached: NDArray[np.bool_]) -> Reach:
    """What reaching some payments of a set means; `reached` is (n,)."""
    labelled, frauds = scored.labelled, scored.frauds
    judged, hits = int(np.sum(reached & labelled)), int(np.sum(reached & frauds))
    known = int(frauds.sum())
    genuine = int(labelled.sum()) - known
    lost = _value(scored, frauds)
    return Reach(
        payments=int(reached.sum()),
        share=_share(int(reached.sum()), len(scored)),
        labelled=judged,
        frauds=hits,
        precision=_share(hits, judged),
        recall=_share(hits, known),
        false_positive_rate=_share(judged - hits, genuine),
        value_detected=_value(scored, frauds & reached) / lost if lost > 0.0 else None,
    )


def budget_reaches(scored: Scored) -> tuple[BudgetReach, ...]:
    """What each budget would have meant, had its threshold been known; those below one payment are left out."""
    falling = np.sort(scored.score)[::-1]
    found = []
    for budget in ALERT_BUDGETS:
        allowed = int(budget * len(falling))
        if allowed:
            least = float(falling[allowed - 1])
            found.append(BudgetReach(budget=budget, least_score=least, reach=reach(scored, scored.score >= least)))
    return tuple(found)


def level_reaches(scored: Scored, budgets: Budgets) -> tuple[LevelReach, ...]:
    """What each level of the bundle meant, lowest first."""
    return tuple(
        LevelReach(
            level=level,
            budget=getattr(budgets, level, None),
            at=reach(scored, scored.level == code),
            upwards=reach(scored, scored.level >= code),
        )
        for code, level in enumerate(LEVELS)
    )


def _value(scored: Scored, rows: NDArray[np.bool_]) -> float:
    """Amount of some payments in base currency; those without a rate count nothing."""
    return float(np.nansum(scored.amount[rows]))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
