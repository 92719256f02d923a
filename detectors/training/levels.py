"""Turns alert budgets into thresholds on reference traffic, and says what alerting from a score would cost."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.bundle import OperatingPoint
from detectors.fusion import score_of
from detectors.tails import TailCurve, fit_tail, score_at
from detectors.thresholds import ENOUGH_ROWS, MATURITIES, Budgets, LevelTable, Thresholds, maturity_codes
from detectors.weights import Fusion

OPERATING_SHARES: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
"""Shares of payments for which the table of operating points says what alerting them means."""


def fit_levels(
    statistic: NDArray[np.float64],
    payments: NDArray[np.int64],
    fusion: Fusion,
    curve: TailCurve | None,
    budgets: Budgets,
) -> LevelTable:
    """Thresholds per maturity from the fused statistic of reference rows, (n,), and their known payments, (n,).

    Each is the score that the budget's share of reference rows reaches; beyond the strangest of them the
    statistic's tail is continued, so a budget finer than the rows can show still has a threshold.
    """
    codes = maturity_codes(payments)
    pooled = _thresholds(statistic, fusion, curve, budgets)
    counts = [int(np.sum(codes == code)) for code in range(len(MATURITIES))]
    new, warming, mature = (
        _thresholds(statistic[codes == code], fusion, curve, budgets) if counts[code] >= ENOUGH_ROWS else pooled
        for code in range(len(MATURITIES))
    )
    rows: dict[str, int] = dict(zip(MATURITIES, counts, strict=True))
    return LevelTable(new=new, warming=warming, mature=mature, pooled=pooled, rows=rows)


def _thresholds(
    statistic: NDArray[np.float64], fusion: Fusion, curve: TailCurve | None, budgets: Budgets
) -> Thresholds:
    tail = fit_tail(statistic)
    if tail is None:
        raise ValueError("thresholds need at least one reference row")
    least = [score_at(-math.log(share), tail) for share in (budgets.medium, budgets.high, budgets.critical)]
    medium, high, critical = score_of(np.array(least), fusion, curve).tolist()
    return Thresholds(medium=medium, high=high, critical=critical)


def operating_points(score: NDArray[np.float64], frauds: NDArray[np.bool_]) -> tuple[OperatingPoint, ...]:
    """What alerting the top shares of labelled reference rows would have meant; `score` and `frauds` are (n,)."""
    ordered = np.sort(score)[::-1]
    known, genuine = int(frauds.sum()), int((~frauds).sum())
    points = []
    for share in OPERATING_SHARES:
        if share * len(score) < 1:
            continue
        least = float(ordered[int(share * len(score)) - 1])
        reached = score >= least
        hits = int(np.sum(reached & frauds))
        alarms = int(np.sum(reached)) - hits
        points.append(
            OperatingPoint(
                score=least,
                share=(hits + alarms) / len(score),
                false_positive_rate=alarms / max(genuine, 1),
                recall=hits / max(known, 1),
                precision=hits / (hits + alarms),
            )
        )
    return tuple(points)
