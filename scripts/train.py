"""`riskstream train`: learns a bundle from a file of payments and says what it learned."""

import math
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from detectors.bundle import Manifest
from detectors.errors import RiskstreamError
from detectors.labels import Label, labels_from_truth
from detectors.thresholds import MATURITIES, Thresholds
from detectors.timing import Timing
from scripts.durations import read_delay
from scripts.options import fail
from sinks.bundles import save_bundle
from stream.enrichment import enrich_embedded
from stream.sources.columns import load_columns
from stream.sources.files import FileContents, MalformedRow, read_transactions
from stream.sources.labels import LabelFileError, read_labels

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
    if base_currency is not None and not re.fullmatch("[A-Z]{3}", base_currency):
        raise typer.BadParameter(f"--base-currency {base_currency!r} is no ISO 4217 code, such as EUR")
    # scikit-learn takes a second to import: only this command waits for it.
    from detectors.training import train as learn

    console = Console(soft_wrap=True)
    delay = read_delay(label_delay)
    try:
        contents = read_transactions(file, None if columns is None else load_columns(columns))
        timing = Timing(delay_hours=round(delay / timedelta(hours=1)))
        known, malformed = _labels(contents, labels, timedelta(hours=timing.delay_hours))
        _show_input(console, contents, known, malformed)
        with console.status("learning..."):
            bundle = learn(
                enrich_embedded(contents.transactions),
                known,
                timing=timing,
                seed=seed,
                base_currency=base_currency,
                rates=_rates(rate or []),
                label_source=file.name if labels is None else labels.name,
            )
        save_bundle(bundle, output)
    except RiskstreamError as error:
        fail(error)
    _show(console, bundle.manifest)
    console.print(f"saved bundle {bundle.version} to {output}", highlight=False, markup=False)


def _rates(given: Sequence[str]) -> dict[str, float]:
    """Rates by currency, from CODE=VALUE."""
    rates: dict[str, float] = {}
    for text in given:
        code, _, value = text.partition("=")
        try:
            rates[code] = float(value)
        except ValueError:
            rates[code] = 0.0
        if not re.fullmatch("[A-Z]{3}", code) or not 0.0 < rates[code] < math.inf:
            raise typer.BadParameter(f"{text!r} is no rate; write it as GBP=1.27")
    return rates


def _labels(
    contents: FileContents, path: Path | None, delay: timedelta
) -> tuple[list[Label] | None, Sequence[MalformedRow]]:
    """What is known of the payments: from a file of its own, or from their truth once the delay has passed.

    With the rows of that file that are no labels. Raises `LabelFileError` if it tells of none of the payments.
    """
    if path is None:
        known = contents.labels
        return (None if known is None else labels_from_truth(contents.transactions, known, delay)), ()
    found = read_labels(path, payments=contents.transactions, delay=delay)
    payments = {each.transaction_id for each in contents.transactions}
    if not any(label.transaction_id in payments for label in found.labels):
        first = f"; {found.malformed[0]}" if found.malformed else ""
        raise LabelFileError(f"{path.name} holds no label of these payments{first}")
    return found.labels, found.malformed


def _show_input(
    console: Console, contents: FileContents, labels: list[Label] | None, malformed: Sequence[MalformedRow]
) -> None:
    count = len(contents.transactions)
    frauds = sum(label.disposition == "confirmed_fraud" for label in labels or ())
    known = "no labels" if labels is None else f"{len(labels):,} labels, {frauds:,} of them fraud"
    console.print(f"{count:,} payments read, {known}", highlight=False)
    for rows in (contents.malformed, malformed):
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
