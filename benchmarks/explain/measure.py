"""Measures one way of explaining on alerts: time, fidelity, the same answer for other seeds, and deletion."""

import time
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.explain.alerts import Alerts
from benchmarks.explain.explainers import Explained, Explainer
from detectors.explanation.local import outputs_of

SEEDS: Final = range(5)
RANDOM_DRAWS: Final = 20
"""Sets of three other features that a deletion is compared with."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one way of explaining is worth on n alerts."""

    alerts: int
    ms_mean: float
    """Of one run, with the making of what it needs."""
    ms_p95: float
    cpu_ms_mean: float
    """The same without the time in which others had the core."""
    r2_mean: float
    """Of the local model, on the fused statistic."""
    r2_probability_mean: float | None
    """On the published score; None where nobody tells it."""
    top3_stable: float
    """Share of alerts with the same three leading features for all five seeds."""
    leader_stable: float
    """Share of alerts with the same leading feature for all five seeds."""
    deletion_wins: float
    """How often the score falls further when the three leading features become typical than when three random
    others do: the share of draws, in the mean over alerts."""


def measure(alerts: Alerts, explain: Explainer, limit: int | None = None) -> Figures:
    """Explain each of the first `limit` alerts once for every seed."""
    rows = alerts.rows[:limit]
    explain(rows[0], 0)  # what is loaded at the first call is nobody's time
    took: list[float] = []
    began = time.process_time()
    runs = [[_timed(explain, row, seed, took) for seed in SEEDS] for row in rows]
    cpu = time.process_time() - began
    everything = [run for of_alert in runs for run in of_alert]
    told = [run.r2_probability for run in everything if run.r2_probability is not None]
    rng = np.random.default_rng(0)
    return Figures(
        alerts=len(rows),
        ms_mean=round(1000 * float(np.mean(took)), 2),
        ms_p95=round(1000 * float(np.percentile(took, 95)), 2),
        cpu_ms_mean=round(1000 * cpu / len(took), 2),
        r2_mean=round(float(np.mean([run.r2 for run in everything])), 4),
        r2_probability_mean=round(float(np.mean(told)), 4) if told else None,
        top3_stable=_share([len({frozenset(run.leading) for run in each}) == 1 for each in runs]),
        leader_stable=_share([len({run.leading[:1] for run in each}) == 1 for each in runs]),
        deletion_wins=_share(
            [
                won
                for row, each in zip(rows, runs, strict=True)
                for won in _deletions(row, each[0].leading, alerts, rng)
            ]
        ),
    )


def _timed(explain: Explainer, row: NDArray[np.float64], seed: int, took: list[float]) -> Explained:
    began = time.perf_counter()
    made = explain(row, seed)
    took.append(time.perf_counter() - began)
    return made


def _deletions(
    row: NDArray[np.float64], leading: Sequence[int], alerts: Alerts, rng: np.random.Generator
) -> list[bool]:
    """Whether making the leading features typical lowers the statistic, and so the score, more than others do.

    The others are drawn from the features that the payment has. A tie is lost.
    """
    present = [place for place in np.flatnonzero(~np.isnan(row)).tolist() if place not in leading]
    sets = [
        list(leading),
        *(rng.choice(present, len(leading), replace=False).tolist() for _ in range(RANDOM_DRAWS)),
    ]
    changed = np.repeat(row[None], len(sets), axis=0)
    for each, places in zip(changed, sets, strict=True):
        there = [place for place in places if not np.isnan(row[place])]
        each[there] = alerts.bundle.background.typical[there]
    left = outputs_of(changed, alerts.bundle).fused
    return [bool(left[0] < other) for other in left[1:]]


def _share(found: Sequence[bool]) -> float:
    return round(float(np.mean(found)), 4)
