"""Compares every variant of the same traffic, pattern by pattern, and sums up over seeds."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.geography.scoring import KINDS, Kind, scores_after
from benchmarks.geography.traffic import VARIANTS, draw_traffic, without
from benchmarks.incidents.recall import Estimate, estimate, limit, share
from detectors.evaluation.ranking import average_precision
from stream.simulation.payments import PATTERNS

RATE: Final = 0.01
"""Share of genuine payments alerted."""
ALL: Final = "all patterns"
PATTERN_NAMES: Final = (ALL, *(pattern.name.lower() for pattern in PATTERNS))
WITH: Final = "everything"
"""The variant that the others are compared with."""
FIRST_SEED: Final = 101
"""Seeds of other benchmarks and of tests are others, so are the people."""


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """How one pattern is found in one variant of the traffic."""

    recall_at_1pct: Estimate
    average_precision: Estimate
    """Of the pattern's frauds among genuine payments, frauds of other patterns left out."""
    recall_lost: Estimate
    """Recall with everything less the recall here, paired over seeds."""
    average_precision_lost: Estimate


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured."""

    simulated: bool = True
    about: str = (
        "SIMULATED traffic: it shows which patterns of our own simulator need places to be found, and that the"
        " features use them; it says nothing about how common such frauds are, or how well anybody hides."
    )
    seeds: int
    payments: int
    """Of all seeds, after the cut."""
    frauds: dict[str, int]
    """The same, by pattern."""
    removed: dict[str, tuple[str, ...]]
    """Variant -> fields of the payments that were taken out before training and assessing."""
    kinds: dict[Kind, dict[str, dict[str, Worth]]]
    """By kind of training, pattern and variant."""


@dataclass(frozen=True)
class Town:
    """What one seed showed."""

    patterns: list[str]
    """(m,) of each payment after the cut; "" is genuine."""
    found: dict[tuple[Kind, str, str], tuple[float, float]]
    """Kind, pattern, variant -> recall and average precision."""


def measure(seeds: int, workers: int = 1) -> Report:
    """Measure every variant on the same towns, so many of them at a time."""
    each = range(FIRST_SEED, FIRST_SEED + seeds)
    if workers == 1:
        towns = [_visit(seed) for seed in each]
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            towns = list(pool.map(_visit, each))
    every = [pattern for town in towns for pattern in town.patterns]
    return Report(
        seeds=seeds,
        payments=len(every),
        frauds={name: sum(pattern in _those(name) for pattern in every) for name in PATTERN_NAMES},
        removed=VARIANTS,
        kinds={
            kind: {
                name: {variant: _worth(towns, kind, name, variant) for variant in VARIANTS}
                for name in PATTERN_NAMES
            }
            for kind in KINDS
        },
    )


def _visit(seed: int) -> Town:
    traffic = draw_traffic(seed)
    truth = {payment.transaction.transaction_id: payment.is_fraud for payment in traffic.payments}
    after = [payment for payment in traffic.payments if payment.transaction.event_time > traffic.cut]
    patterns = [payment.fraud_pattern or "" for payment in after]
    found = {}
    for variant, fields in VARIANTS.items():
        payments = without(fields, traffic)
        for kind in KINDS:
            scores = scores_after(payments, truth, traffic.cut, kind)
            for name in PATTERN_NAMES:
                found[kind, name, variant] = judge(scores, patterns, name)
    return Town(patterns, found)


def judge(scores: NDArray[np.float64], patterns: Sequence[str], name: str) -> tuple[float, float]:
    """Return recall of the pattern where 1 % of genuine payments are alerted, and average precision among them.

    `scores` and `patterns` are (m,); a pattern without a fraud gives NaN.
    """
    genuine = np.array([pattern == "" for pattern in patterns])
    chosen = np.array([pattern in _those(name) for pattern in patterns])
    if not chosen.any():
        return float("nan"), float("nan")
    recall = float(np.mean(scores[chosen] > limit(scores[genuine], RATE)))
    kept = genuine | chosen
    precision = average_precision(scores[kept], chosen[kept])
    return recall, float("nan") if precision is None else precision


def _those(name: str) -> tuple[str, ...]:
    return PATTERN_NAMES[1:] if name == ALL else (name,)


def _worth(towns: Sequence[Town], kind: Kind, name: str, variant: str) -> Worth:
    here = np.array([town.found[kind, name, variant] for town in towns])
    full = np.array([town.found[kind, name, WITH] for town in towns])
    told = ~np.isnan(here[:, 0])
    here, full = here[told], full[told]
    return Worth(
        recall_at_1pct=share(here[:, 0]),
        average_precision=share(here[:, 1]),
        recall_lost=estimate(full[:, 0] - here[:, 0]),
        average_precision_lost=estimate(full[:, 1] - here[:, 1]),
    )


def in_words(report: Report) -> str:
    """Return the report as a text for a terminal."""
    lines = [
        f"What places are worth, {report.seeds} simulated towns, {report.payments:,} payments after training",
        report.about,
        "Recall where 1 % of genuine payments are alerted, and average precision (AP); lost: against everything,"
        " mean [95 % interval over towns].",
    ]
    for kind, patterns in report.kinds.items():
        for name, variants in patterns.items():
            lines += ["", f"{kind.replace('_', '-')}, {name.replace('_', ' ')} ({report.frauds[name]} frauds)"]
            lines += [f"  {variant:12s} {_line(variant, worth)}" for variant, worth in variants.items()]
    return "\n".join(lines)


def _line(variant: str, worth: Worth) -> str:
    found = f"recall {worth.recall_at_1pct.mean:.2f}  AP {worth.average_precision.mean:.3f}"
    if variant == WITH:
        return found
    lost, ap_lost = worth.recall_lost, worth.average_precision_lost
    return (
        f"{found}  lost: recall {lost.mean:+.2f} [{lost.low:+.2f}, {lost.high:+.2f}]"
        f"  AP {ap_lost.mean:+.3f} [{ap_lost.low:+.3f}, {ap_lost.high:+.3f}]"
    )
