"""Prints the demo's summary for people."""

from rich.console import Console
from rich.table import Table

from detectors.assessment import LEVELS
from scripts.demonstration.summary import Summary

SIMULATED = "This traffic is simulated: it shows that the product works, not how well it will do on yours."
UNLABELLED = (
    "Without labels nobody can say how many of these are fraud: the score says how rare a payment is, no more."
)


def print_summary(console: Console, summary: Summary, simulated: bool, query: str) -> None:
    """Print counts, quality, latency, and how to look further."""
    console.rule("[bold]Summary")
    console.print(_counts(summary))
    if not simulated:
        console.print(_halves(summary))
    if summary.recall is None:
        console.print(f"\n{UNLABELLED}")
    else:
        console.print(_quality(summary))
        if summary.labels:
            console.print(f"\n{_labels(summary)}")
        console.print(_patterns(summary))
    console.print(f"\n{summary.s3_objects} Parquet objects on S3, copied to demo-output/archive. Ask them:")
    console.print(f"  {query}", style="bold", highlight=False, soft_wrap=True)
    if simulated:
        console.print(f"\n{SIMULATED}", style="yellow")


def _counts(summary: Summary) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_column()
    rows = (
        ("history, no alerts", f"{summary.backfilled:,}", "transactions"),
        ("live", f"{summary.transactions:,}", "transactions"),
        ("assessed", f"{summary.assessed:,}", ""),
        ("dead letters", f"{summary.dead_letters:,}", ""),
        ("high or critical", f"{summary.risky:,}", _rate(summary)),
        ("alerts published", f"{summary.alerts:,}", "a burst is one, and escalations"),
        ("produce to alert", _latency(summary), "p50 / p99, milliseconds"),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _halves(summary: Summary) -> Table:
    """The earlier half is what the bundle was trained on: its levels say nothing about new payments."""
    table = Table(box=None, pad_edge=False, title="\nTransactions by risk level", title_justify="left")
    table.add_column("")
    for level in LEVELS:
        table.add_column(level, justify="right")
    table.add_row("earlier half (trained on)", *(f"{summary.backfilled_levels[level]:,}" for level in LEVELS))
    table.add_row("later half (live)", *(f"{summary.levels[level]:,}" for level in LEVELS))
    return table


def _rate(summary: Summary) -> str:
    return f"{summary.alert_rate:.2%} of live; the budget is {summary.alert_budget:.2%}"


def _latency(summary: Summary) -> str:
    if summary.latency_p50_ms is None:
        return "-"
    return f"{summary.latency_p50_ms:,.0f} / {summary.latency_p99_ms:,.0f}"


def _quality(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False, title="\nEqually many flagged", title_justify="left")
    table.add_column("")
    table.add_column("precision", justify="right")
    table.add_column("recall", justify="right")
    table.add_row("riskstream", _percent(summary.precision), _percent(summary.recall))
    without = summary.without_labels
    if without is not None and summary.labels:
        table.add_row(
            f"  had no label come ({without.risky} flagged)", *map(_percent, (without.precision, without.recall))
        )
    table.add_row("amount only", _percent(summary.baseline_precision), _percent(summary.baseline_recall))
    return table


def _labels(summary: Summary) -> str:
    return (
        f"{summary.labels:,} frauds became known on the way, a day after each; frauds at their merchant are a"
        f" reason in {summary.blamed:,} later assessments."
    )


def _patterns(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False, title="\nFrauds found, by pattern", title_justify="left")
    table.add_column("")
    for name in ("frauds", "riskstream", "amount only"):
        table.add_column(name, justify="right")
    for row in summary.patterns:
        table.add_row(row.pattern, str(row.frauds), str(row.found), str(row.found_by_amount))
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
