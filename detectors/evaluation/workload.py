"""What so many alerts a day would have found, and whom they would have bothered: the points of a trade-off."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.evaluation.reach import Reach, reach
from detectors.evaluation.scored import DAY, Scored

STEPS: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Of a decade of alerts a day: even enough on a logarithmic scale, and round."""
DECADES: Final = (-1, 0, 1, 2, 3, 4)
LARGEST_SHARE: Final = 0.1
"""Of payments; nobody alerts more than every tenth."""


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """The highest scores, alerted: what that is a day, over the whole set."""

    least_score: float
    """Every payment with this score or more; equal scores may exceed what was asked for a little."""
    alerts_a_day: float
    """Payments reached, over the days between the first and the last payment, at least one."""
    reach: Reach
    genuine_customers: int | None
    """Different accounts of which genuine payments are reached and no fraud ever is; None without labels."""
    genuine_customers_a_day: float | None
    """Such accounts of each UTC day on its own, summed over days and put beside them as `alerts_a_day` is."""


def workloads(scored: Scored) -> tuple[Workload, ...]:
    """Measure rising numbers of alerts a day, from the least that reaches a payment; none are made up between."""
    if not len(scored):
        return ()
    days = max(float(scored.time[-1] - scored.time[0]) / DAY, 1.0)
    falling = np.sort(scored.score)[::-1]
    least = sorted({float(falling[count - 1]) for count in _counts(len(scored), days)}, reverse=True)
    # One number for an account on a day: codes of accounts are below 2^31.
    account_day = (scored.time // DAY - scored.time[0] // DAY) * 2**31 + scored.account
    found = (_workload(scored, score, days, account_day) for score in least)
    return tuple(one for one in found if one.reach.payments <= LARGEST_SHARE * len(scored))


def _counts(payments: int, days: float) -> list[int]:
    asked = (int(step * 10.0**decade * days) for decade in DECADES for step in STEPS)
    return [count for count in asked if 1 <= count <= LARGEST_SHARE * payments]


def _workload(scored: Scored, least: float, days: float, account_day: NDArray[np.int64]) -> Workload:
    reached = scored.score >= least
    judged = bool(scored.labelled.any())
    return Workload(
        least_score=least,
        alerts_a_day=int(reached.sum()) / days,
        reach=reach(scored, reached),
        genuine_customers=_bothered(scored, reached, scored.account) if judged else None,
        genuine_customers_a_day=_bothered(scored, reached, account_day) / days if judged else None,
    )


def _bothered(scored: Scored, reached: NDArray[np.bool_], who: NDArray[np.int32] | NDArray[np.int64]) -> int:
    """Count those of whom genuine payments are reached and frauds are not; `who` is (n,)."""
    genuine = np.unique(who[reached & scored.labelled & ~scored.frauds])
    return len(np.setdiff1d(genuine, who[reached & scored.frauds]))
