"""`riskstream train`: learns a bundle from a file of payments and says what it learned."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from detectors.bundle import Manifest
from detectors.errors import RiskstreamError
from detectors.thresholds import MATURITIES, Thresholds
from scripts.durations import read_delay
from scripts.options import fail
from sinks.bundles import save_bundle
from stream.training import History, check_currency, learn, rates_of, read_history

SHOWN_MALFORMED = 5
SHOWN_METRICS = {
    "average_precision": "average precision",
    "roc_auc": "ROC AUC",
    "recall_high": "frauds found at high or above",
}


def train(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or Parquet file of payments.")],
    labels: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="CSV or Parquet with transaction_id and is_fraud or disposition."
        ),
    ] = None,
    label_delay: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="Until a fraud is usually known: 7d, 36h. A payment without a label is genuine from then on.",
        ),
    ] = "7d",
    columns: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Column map of FILE, as TOML.")
    ] = None,
    base_currency: Annotated[
        str | None,
        typer.Option(help="What amounts are converted to, as ISO 4217. Default: the most frequent of FILE."),
    ] = None,
    rate: Annotated[
        list[str] | None,
        typer.Option(help="Value of another currency's unit in the base, such as GBP=1.27; once per currency."),
    ] = None,
    output: Annotated[Path, typer.Option(help="Directory of the bundle.")] = Path("bundles/current"),
    seed: Annotated[int, typer.Option(min=0, help="Of everything random: the same gives the same bundle.")] = 0,
) -> None:
    """Learn from history what is usual, and with labels what is fraud; save it as a bundle.

    With 50 known frauds or more the score is a calibrated probability, with
    fewer rarity and feedback, without labels rarity. A few weeks with 10,000
    payments or more are right; fewer than 1,000 reference rows make
    thresholds provisional.

    Exits with 0 when the bundle is saved, 1 when it cannot be, 2 when used wrongly.

    Example: riskstream train payments.csv --output bundles/current
    """
    try:
        currency = None if base_currency is None else check_currency(base_currency)
        rates = rates_of(rate or [])
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    console = Console(soft_wrap=True)
    delay = read_delay(label_delay)
    try:
        history = read_history(file, labels, columns, delay)
        _show_input(console, history)
        with console.status("learning..."):
            bundle = learn(history, seed=seed, base_currency=currency, rates=rates)
        save_bundle(bundle, output)
    except RiskstreamError as error:
        fail(error)
    _show(console, bundle.manifest)
    console.print(f"saved bundle {bundle.version} to {output}", highlight=False, markup=False)


def _show_input(console: Console, history: History) -> None:
    contents, labels = history.contents, history.labels
    count = len(contents.transactions)
    frauds = sum(label.disposition == "confirmed_fraud" for label in labels or ())
    known = "no labels" if labels is None else f"{len(labels):,} labels, {frauds:,} of them fraud"
    console.print(f"{count:,} payments read, {known}", highlight=False)
    for rows in (contents.malformed, history.malformed_labels):
        for row in rows[:SHOWN_MALFORMED]:
            console.print(f"left out: {row}", highlight=False, markup=False)
        if len(rows) > SHOWN_MALFORMED:
            console.print(f"left out: {len(rows) - SHOWN_MALFORMED:,} more malformed rows", highlight=False)


def _show(console: Console, manifest: Manifest) -> None:
    """What was learned, for people."""
    counts = manifest.counts
    console.print(
        f"learned from {counts.payments:,} payments of {counts.accounts:,} accounts, "
        f"{manifest.first_event_time:%Y-%m-%d} to {manifest.last_event_time:%Y-%m-%d}: "
        f"{counts.warm_up:,} to warm up, {counts.fitting:,} to fit on, {counts.reference:,} as reference",
        highlight=False,
    )
    console.print(f"score: {manifest.score_kind}. {manifest.why}", highlight=False, markup=False)
    if manifest.population is not None:
        console.print(f"it refers to: {manifest.population}", highlight=False, markup=False)
    if manifest.weak_logistic:
        console.print(
            "the logistic model is weakly labelled (the strangest 1 % by the other detectors): for explanation "
            "only, its weight in the score is 0",
            highlight=False,
        )
    for name, words in SHOWN_METRICS.items():
        if name in manifest.metrics:
            console.print(f"  {words}: {manifest.metrics[name]:.3f}", highlight=False)
    console.print(_thresholds(manifest))
    if manifest.provisional:
        console.print(
            f"thresholds are provisional: they rest on {counts.reference:,} reference rows, 1,000 are needed",
            highlight=False,
        )


def _thresholds(manifest: Manifest) -> Table:
    table, budgets = manifest.thresholds, manifest.budgets
    shown = Table(title="least score of each level, from alert budgets", title_justify="left")
    shown.add_column("accounts", no_wrap=True)
    shown.add_column("reference rows", justify="right")
    for level in ("medium", "high", "critical"):
        shown.add_column(f"{level} ({getattr(budgets, level):.1%})", justify="right")
    rows: list[tuple[str, int, Thresholds]] = [
        (name, table.rows.get(name, 0), thresholds)
        for name, thresholds in zip(MATURITIES, table.by_maturity, strict=True)
    ]
    for name, count, least in rows:
        shared = name if least != table.pooled else f"{name} (as all)"
        shown.add_row(
            shared, f"{count:,}", *(f"{getattr(least, level):.4f}" for level in ("medium", "high", "critical"))
        )
    return shown
