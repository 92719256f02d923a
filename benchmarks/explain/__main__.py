"""`python -m benchmarks.explain`: explains simulated alerts beside stock LIME, prints, writes JSON if asked."""

import argparse
from pathlib import Path
from typing import Final

import msgspec
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from benchmarks.explain.alerts import Alerts, raise_alerts
from benchmarks.explain.explainers import ours, stock
from benchmarks.explain.measure import Figures, measure
from detectors.assessment import ScoreKind
from detectors.explanation.local import SAMPLES

BUDGETS: Final = (250, 500, 1000, 2000, 4000)
FEWER: Final = 30
"""Alerts for the table of budgets and for stock LIME, which is slow."""
KINDS: Final[tuple[ScoreKind, ...]] = ("probability", "rarity")


class OfKind(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on the alerts of one kind of score."""

    payments: int
    alerts: int
    """That the backtest raised on them."""
    ours: Figures
    stock: Figures
    stock_continuous: Figures
    """Stock, not discretised: normal draws around the mean of the background."""
    by_samples: dict[str, Figures]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured; the keys without a kind are of probability."""

    ms_mean: float
    r2_mean: float
    top3_stable: float
    deletion_wins: float
    stock_ms_mean: float
    stock_r2_mean: float
    stock_top3_stable: float
    stock_deletion_wins: float
    samples: int
    simulated: bool = True
    kinds: dict[str, OfKind]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    with threadpool_limits(limits=1):  # as in the worker
        kinds: dict[str, OfKind] = {kind: _of_kind(raise_alerts(kind)) for kind in KINDS}
    head = kinds["probability"]
    report = Report(
        ms_mean=head.ours.ms_mean,
        r2_mean=head.ours.r2_mean,
        top3_stable=head.ours.top3_stable,
        deletion_wins=head.ours.deletion_wins,
        stock_ms_mean=head.stock.ms_mean,
        stock_r2_mean=head.stock.r2_mean,
        stock_top3_stable=head.stock.top3_stable,
        stock_deletion_wins=head.stock.deletion_wins,
        samples=SAMPLES,
        kinds=kinds,
    )
    print(in_words(report))  # noqa: T201  a benchmark's output
    if arguments.json is not None:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


def _of_kind(alerts: Alerts) -> OfKind:
    return OfKind(
        payments=alerts.payments,
        alerts=len(alerts.assessments),
        ours=measure(alerts, ours(alerts.bundle, SAMPLES)),
        stock=measure(alerts, stock(alerts.bundle), FEWER),
        stock_continuous=measure(alerts, stock(alerts.bundle, discretize_continuous=False), FEWER),
        by_samples={str(samples): measure(alerts, ours(alerts.bundle, samples), FEWER) for samples in BUDGETS},
    )


def in_words(report: Report) -> str:
    """The report as tables for people."""
    lines = []
    for kind, found in report.kinds.items():
        lines += [
            f"{kind}: {found.alerts} alerts that a backtest raised on {found.payments:,} simulated payments",
            f"  {'':28}alerts  ms mean   p95  CPU ms     R2  R2 score  top 3 stable  leader stable  deletion wins",
            _line(f"ours, {report.samples:,} samples", found.ours),
            _line("stock, 5,000 samples", found.stock),
            _line("stock, not discretised", found.stock_continuous),
            *(_line(f"ours by budget: {int(samples):,}", each) for samples, each in found.by_samples.items()),
            "",
        ]
    return "\n".join(lines).rstrip()


def _line(name: str, figures: Figures) -> str:
    score = "" if figures.r2_probability_mean is None else f"{figures.r2_probability_mean:.3f}"
    times = f"{figures.ms_mean:>9.1f}{figures.ms_p95:>6.0f}{figures.cpu_ms_mean:>8.1f}"
    shares = f"{figures.top3_stable:>14.1%}{figures.leader_stable:>15.1%}{figures.deletion_wins:>15.1%}"
    return f"  {name:28}{figures.alerts:>6}{times}{figures.r2_mean:>7.3f}{score:>10}{shares}"


if __name__ == "__main__":
    main()
