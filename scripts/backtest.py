"""`riskstream backtest`: what a bundle says of a history, and how good that is, as a page and as JSON."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from detectors.errors import RiskstreamError
from detectors.evaluation.evaluate import Quality
from detectors.frozen import freeze
from scripts.backtest_report.document import Document, ReportError, to_json
from scripts.backtest_report.gathering import Gathered, Told, from_archive, from_file, measure
from scripts.backtest_report.numbers import between, count, percent, range_of, ratio
from scripts.backtest_report.page import render
from scripts.backtest_report.progress import stages_of
from scripts.backtest_report.row_file import SUFFIXES, row_file
from scripts.options import fail, settings_from
from sinks.archive import open_archive, open_local_archive
from sinks.bundles import load_bundle
from stream.settings import Settings
from stream.sources.columns import load_columns
from stream.sources.labels import read_frauds

SHOWN_MALFORMED = 5
HIGH = 2
"""Position of `high` among the levels."""


def backtest(
    file: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="CSV or Parquet file of payments.", show_default=False),
    ] = None,
    archive: Annotated[
        bool, typer.Option("--archive", help="Evaluate what the archive on S3 holds, by the settings.")
    ] = False,
    archive_path: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="The same for a copy of the archive.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Directory of the bundle. Default: RISKSTREAM_BUNDLE.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="CSV or Parquet with transaction_id and is_fraud or disposition."
        ),
    ] = None,
    others_genuine: Annotated[
        bool, typer.Option("--others-genuine", help="Payments that LABELS does not name are genuine.")
    ] = False,
    columns: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Column map of FILE, as TOML.")
    ] = None,
    partitions: Annotated[
        int | None, typer.Option(min=1, max=1000, help="As the topics have. Default: RISKSTREAM_PARTITIONS.")
    ] = None,
    frozen: Annotated[
        bool,
        typer.Option("--frozen", help="Centres stay where training left them, as in functions and endpoints."),
    ] = False,
    features_out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Feature rows of FILE, as .jsonl or .jsonl.gz. Needs --frozen."),
    ] = None,
    output: Annotated[Path, typer.Option(help="The report, one HTML file.")] = Path("backtest.html"),
    as_json: Annotated[Path | None, typer.Option("--json", help="The same as JSON, to this file.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap behind the intervals.")] = 0,
) -> None:
    """Assess a history as a worker would, measure the score against its labels, and write a report.

    Payments that the bundle was trained on are shown apart. Without labels
    the report has rates, levels, drift and PSI only. With --archive or
    --archive-path nothing is assessed anew: what the bundle's workers said is
    measured. The same input gives the same bytes.

    With --features-out the feature row of every payment is written too: an
    endpoint that holds the bundle gives each the assessment that it has here.

    Exits with 0 when the report is written, 1 when it cannot be, 2 when used
    wrongly.

    Example: riskstream backtest later.csv --bundle bundles/current
    --output report.html --json report.json

    Example: riskstream backtest --archive --labels chargebacks.csv
    --others-genuine

    Example: riskstream backtest later.csv --frozen --features-out rows.jsonl
    """
    if (file is not None) + archive + (archive_path is not None) != 1:
        raise typer.BadParameter("give one of FILE, --archive and --archive-path")
    if file is None and (columns is not None or partitions is not None or frozen):
        raise typer.BadParameter("--columns, --partitions and --frozen are for a FILE")
    if features_out is not None:
        _refuse_rows(features_out, frozen=frozen)
    if others_genuine and labels is None:
        raise typer.BadParameter("--others-genuine needs --labels")
    settings = settings_from(bundle=bundle, partitions=partitions)
    try:
        with stages_of("Backtest") as stages:
            told = None if labels is None else Told(labels, read_frauds(labels), others_genuine)
            served = load_bundle(settings.bundle)
            served = freeze(served) if frozen else served
            if file is not None:
                mapped = None if columns is None else load_columns(columns)
                with nullcontext() if features_out is None else row_file(features_out) as on_rows:
                    gathered = from_file(file, mapped, served, settings.partitions, told, stages, on_rows)
            elif archive_path is not None:
                gathered = from_archive(open_local_archive(archive_path), archive_path.name, served, told, stages)
            else:
                gathered = from_archive(_archive_of(settings), settings.s3_bucket, served, told, stages)
            document = measure(gathered, served, seed, stages)
        _write(output, render(document))
        if as_json is not None:
            _write(as_json, to_json(document))
    except RiskstreamError as error:
        fail(error)
    _warn(gathered)
    _show(document)
    typer.echo("wrote " + " and ".join(str(path) for path in (output, as_json, features_out) if path is not None))


def _refuse_rows(path: Path, *, frozen: bool) -> None:
    """Feature rows are of use only where their assessments do not hang on the payments between them."""
    if not frozen:
        raise typer.BadParameter("--features-out needs --frozen: rows hold no centres that move")
    if not path.name.endswith(SUFFIXES):
        raise typer.BadParameter(f"--features-out writes {' or '.join(SUFFIXES)}, not {path.name}")


def _archive_of(settings: Settings) -> Any:
    return open_archive(settings.s3_bucket, settings.s3_prefix, settings.s3_endpoint)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ReportError(f"{path} cannot be written ({error.strerror}): choose another place") from error


def _warn(gathered: Gathered) -> None:
    """Name rows that are no payments, and what a proposed column map took for granted."""
    for line in gathered.notes:
        typer.echo(f"columns: {line}", err=True)
    for row in gathered.malformed[:SHOWN_MALFORMED]:
        typer.echo(f"left out: {row}", err=True)
    if len(gathered.malformed) > SHOWN_MALFORMED:
        typer.echo(f"left out: {len(gathered.malformed) - SHOWN_MALFORMED:,} more malformed rows", err=True)


def _show(document: Document) -> None:
    """Say the most important figures, those of payments after training first."""
    evaluation = document.evaluation
    _show_set(document, evaluation.evaluated, "after training")
    _show_set(document, evaluation.trained, "the bundle was trained on these")
    quality = evaluation.evaluated or evaluation.trained
    if quality is not None and 0 < quality.labelled <= 2 * quality.frauds:
        typer.echo(
            f"warning: of {count(quality.labelled)} labelled payments {count(quality.frauds)} are frauds, which is"
            " no sample of the traffic: if the labels name frauds only, add --others-genuine",
            err=True,
        )
    if document.source.labels is None:
        typer.echo("no labels: how many frauds were found cannot be said; the report has rates, levels, drift")


def _show_set(document: Document, quality: Quality | None, what: str) -> None:
    if quality is None:
        return
    high = quality.levels[HIGH]
    frauds = "" if document.source.labels is None else f", {count(quality.frauds)} frauds"
    typer.echo(f"{range_of(quality)}, {what}: {count(quality.payments)} payments{frauds}")
    typer.echo(f"  high or above: {percent(high.upwards.share)} of payments; the budget is {percent(high.budget)}")
    if quality.average_precision is None:
        return
    typer.echo(
        f"  average precision {ratio(quality.average_precision)}"
        f" (95 % {between(quality.average_precision_interval)}), ROC AUC {ratio(quality.roc_auc)},"
        f" card precision at {document.evaluation.cards} {ratio(quality.card_precision)}"
    )
    typer.echo(
        f"  at high or above: precision {percent(high.upwards.precision)},"
        f" recall {percent(high.upwards.recall)}, value detected {percent(high.upwards.value_detected)}"
    )
