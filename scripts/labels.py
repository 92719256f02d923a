"""`riskstream labels`: tells the workers what came out about payments, from a file or from a simulated truth."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from detectors.errors import RiskstreamError
from detectors.labels import Label, LabelSource
from scripts.delivery import INTERRUPTED, conclude, delivery_progress, warn_of_malformed
from scripts.durations import read_delay, read_moment
from scripts.options import FAILED, fail, settings_from
from stream.publishing import PublishConfig, publish
from stream.reaching import wait_for_broker
from stream.sources.columns import load_columns
from stream.sources.files import read_transactions
from stream.sources.label_topic import published_labels
from stream.sources.labels import LabelFileError, read_labels, write_labels

labels = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Tell the workers what came out about payments."
)


LabelFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="CSV or Parquet: labels, or payments with is_fraud.")
]
Payments = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Their payments, if FILE names transactions only."),
]
Columns = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Column map of FILE, as TOML.")]
Delay = Annotated[
    str, typer.Option(metavar="TIME", help="From payment to label, if FILE has no observed_at: 7d, 36h, 90m.")
]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only labels observed by then, such as 2026-02-01.")
]
Source = Annotated[LabelSource, typer.Option(help="Of labels that name none.")]


@labels.command("send")
def send(
    file: LabelFile,
    payments: Payments = None,
    columns: Columns = None,
    delay: Delay = "7d",
    until: Until = None,
    source: Source = "chargeback",
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the brokers. Default: RISKSTREAM_KAFKA_BOOTSTRAP.")
    ] = None,
    wait: Annotated[
        float | None, typer.Option(min=0.05, help="Seconds to wait for a broker at start. Default: 30.")
    ] = None,
) -> None:
    """Publish labels in the order in which they were observed, keyed by account.

    FILE has a label a row, with the columns transaction_id, account_id,
    merchant_id, event_time and disposition (confirmed_fraud, false_positive,
    inconclusive), and where it knows them source and observed_at. Or it is a
    history of payments with is_fraud, as `riskstream simulate` writes it: then
    each fraud gives a chargeback, observed --delay after it in event time.

    A label from the future would be refused: without --until, labels observed
    after this moment are left out. Sending a file twice does no harm.

    Exits with 0 when every label was acknowledged, 1 when not, 2 on wrong
    usage, 130 when ended by Ctrl-C (what was queued is delivered first).

    Example: riskstream labels send history.csv --delay 7d --until 2026-02-01

    Example: riskstream labels send judged.csv --payments history.csv
    """
    settings = settings_from(kafka_bootstrap=bootstrap, kafka_connect_seconds=wait)
    when = read_delay(delay), read_moment(until) if until else datetime.now(UTC)
    console = Console(stderr=True, highlight=False)
    try:
        found = _read(console, file, payments, columns, *when, source)
        wait_for_broker(settings)
        config = PublishConfig(client=settings.kafka_client())
        with delivery_progress(console, "Sending", len(found)) as on_progress:
            report = publish(found, config, on_progress)
    except RiskstreamError as error:
        fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    conclude(report, "label")


@labels.command("make")
def make(
    file: LabelFile,
    output: Annotated[Path, typer.Option(dir_okay=False, help="The CSV file to write.")],
    payments: Payments = None,
    columns: Columns = None,
    delay: Delay = "7d",
    until: Until = None,
    source: Source = "chargeback",
) -> None:
    """Write the labels that `send` would publish to a CSV file, to look at or to change.

    Exits with 0 when the file is written, 1 when not, 2 on wrong usage.

    Example: riskstream labels make history.csv --output labels.csv --delay 7d
    """
    if output.exists() and any(given.samefile(output) for given in (file, payments) if given is not None):
        raise typer.BadParameter(f"{output} is a file that is read here: name another --output")
    console = Console(stderr=True, highlight=False)
    when = read_delay(delay), read_moment(until) if until else None
    try:
        found = _read(console, file, payments, columns, *when, source)
        write_labels(found, output)
    except RiskstreamError as error:
        fail(error)
    except OSError as error:
        fail(LabelFileError(f"{output} cannot be written ({error.strerror}): choose another place"))
    typer.echo(f"{output}: {len(found):,} labels")


@labels.command("fetch")
def fetch(
    output: Annotated[Path, typer.Option(dir_okay=False, help="The CSV file to write.")],
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the brokers. Default: RISKSTREAM_KAFKA_BOOTSTRAP.")
    ] = None,
) -> None:
    """Write the labels that the topic holds, analysts' decisions among them, to a CSV file for training.

    They come in the order in which they were observed. The topic keeps them
    for 30 days: fetch them more often than that, and keep the files.

    Exits with 0 when the file is written, 1 when not, 2 on wrong usage.

    Example: riskstream labels fetch --output labels.csv

    Example: riskstream train history.csv --labels labels.csv
    """
    settings = settings_from(kafka_bootstrap=bootstrap)
    console = Console(stderr=True, highlight=False)
    try:
        with console.status("Reading the topic…"):
            found, refused = published_labels(settings)
        write_labels(found, output)
    except RiskstreamError as error:
        fail(error)
    except OSError as error:
        fail(LabelFileError(f"{output} cannot be written ({error.strerror}): choose another place"))
    if refused:
        typer.echo(f"{refused:,} records that are no labels left out: see `riskstream dead-letters`", err=True)
    typer.echo(f"{output}: {len(found):,} labels")


def _read(
    console: Console,
    file: Path,
    payments: Path | None,
    columns: Path | None,
    delay: timedelta,
    until: datetime | None,
    source: LabelSource,
) -> list[Label]:
    """Read the labels observed by `until`, name malformed rows, and say how many labels came too late."""
    with console.status(f"Reading {file.name}…"):
        contents = read_labels(
            file,
            columns=None if columns is None else load_columns(columns),
            payments=None if payments is None else read_transactions(payments).transactions,
            delay=delay,
            source=source,
        )
    warn_of_malformed(contents.malformed)
    if not contents.labels:
        typer.echo(f"error: {file} holds no label that can be read", err=True)
        raise typer.Exit(FAILED)
    known = [label for label in contents.labels if until is None or label.observed_at <= until]
    if until is not None and len(known) < len(contents.labels):
        late = f"observed after {until.isoformat(sep=' ', timespec='seconds')}"
        typer.echo(f"{len(contents.labels) - len(known):,} labels left out, {late}", err=True)
    return known
