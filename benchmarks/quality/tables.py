"""Shows a report to people."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from benchmarks.quality.figures import Figures
from benchmarks.quality.report import Gain, Pooled, Report

COLUMNS = ("ap", "auc", "cp100", "brier", "calibration_slope", "mean_p_to_rate")
SCENARIOS = ("all", "1", "2", "3")


def show(report: Report, console: Console) -> None:
    """Print the figures that matter, and every configuration that was tried."""
    for name, trials in report.trials.items():
        console.print(f"\n{name}: {len(trials)} configurations, average precision on earlier weeks, best first")
        for trial in trials:
            told = " ".join(f"{key}={value:g}" for key, value in trial.parameters.items())
            console.print(f"  {' '.join(f'{ap:.3f}' for ap in trial.earlier_ap):13} days={trial.days} {told}")
    counts = report.counts
    console.print(f"\n{report.protocol}\n")
    console.print(
        f"train_start {report.train_start}: {counts.trained:,} payments and {counts.trained_frauds:,} frauds in"
        f" the training week; {counts.evaluated:,} of {counts.tested:,} payments of the test week count,"
        f" {counts.frauds:,} of them frauds"
    )
    console.print(_models(report.models))
    _show_published(report, console)
    _show_ours(report, console)
    if report.pooled is not None:
        _show_pooled(report.pooled, console)
    console.print(f"\n{report.seconds:.0f} s")


def _models(models: dict[str, Figures]) -> Table:
    table = Table("model", "ap", "95 %", *COLUMNS[1:], *(f"recall@1% {kind}" for kind in SCENARIOS), box=None)
    for name, figures in models.items():
        interval = figures.ap_interval
        table.add_row(
            name,
            _number(figures.ap),
            "" if interval is None else f"{interval.low:.3f}-{interval.high:.3f}",
            *(_number(getattr(figures, column), 4 if column == "brier" else 3) for column in COLUMNS[1:]),
            *(_number(figures.recall_at_1pct.get(kind)) for kind in SCENARIOS),
        )
    return table


def _show_published(report: Report, console: Console) -> None:
    table = Table("the handbook's models", "auc", "ap", "cp100", "published: auc", "ap", "cp100", box=None)
    for name, found in report.reproduced.items():
        printed = report.published.get(name)
        told = ("", "", "") if printed is None else (_number(v) for v in (printed.auc, printed.ap, printed.cp100))
        table.add_row(name, *(_number(value) for value in (found.auc, found.ap, found.cp100)), *told)
    console.print(table)


def _show_ours(report: Report, console: Console) -> None:
    console.print(
        f"\nlabelled minus booster on our features (better: {report.better_booster}): "
        f"{_gains(report.labelled_minus_booster.items())}"
    )
    console.print(
        f"a perfect ranking of scenarios 1 and 3 alone: {_number(report.oracle_1_3)}; label_free reaches"
        f" {_number(report.label_free_to_oracle)} of it"
    )
    for kind, detectors in report.detectors.items():
        alone = ", ".join(f"{name} {_number(ap)}" for name, ap in detectors.ap.items())
        console.print(
            f"{kind} ({report.learned[kind].score_kind}): detectors alone {alone}; fused minus best"
            f" ({detectors.best}) {_gain(detectors.fused_minus_best)}"
        )
    kmeans = ", ".join(f"{count}: {_number(ap)}" for count, ap in report.kmeans_partitions.items())
    console.print(f"k-means by partitions: {kmeans}")
    curve = ", ".join(f"{point.known}: {_number(point.ap)} ({point.score_kind})" for point in report.known_frauds)
    console.print(f"average precision by known frauds: {curve}")


def _show_pooled(pooled: Pooled, console: Console) -> None:
    console.print(f"\n{len(pooled.train_starts)} training weeks, {', '.join(pooled.train_starts)}: means")
    table = Table("model", *COLUMNS, *(f"recall@1% {kind}" for kind in SCENARIOS), box=None)
    for name, means in pooled.means.items():
        recalls = pooled.recall_at_1pct[name]
        table.add_row(
            name,
            *(_number(means.get(column), 4 if column == "brier" else 3) for column in COLUMNS),
            *(_number(recalls.get(kind)) for kind in SCENARIOS),
        )
    console.print(table)
    gains = _gains(pooled.labelled_minus_booster.items())
    console.print(f"labelled minus booster (better: {pooled.better_booster}): {gains}")
    console.print(f"label_free to a perfect ranking of scenarios 1 and 3: {_number(pooled.label_free_to_oracle)}")
    for kind, fused in pooled.fused_minus_detector.items():
        console.print(f"{kind} minus its detectors: {_gains(fused.items())}")


def _gains(gains: Iterable[tuple[str, Gain | None]]) -> str:
    return ", ".join(f"{name} {_gain(gain)}" for name, gain in gains)


def _gain(gain: Gain | None) -> str:
    if gain is None:
        return "-"
    interval = gain.interval
    return f"{gain.difference:+.3f}" + (
        "" if interval is None else f" ({interval.low:+.3f} to {interval.high:+.3f})"
    )


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None or value != value else f"{value:.{digits}f}"
