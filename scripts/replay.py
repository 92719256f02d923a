"""`riskstream replay`: the load generator, from a CSV or Parquet file to the topic `transactions`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from detectors.errors import RiskstreamError
from scripts.options import FAILED, fail, settings_from
from stream.kafka import wait_for_broker
from stream.pacing import LagGate, hold_back
from stream.publishing import Admit, DeliveryReport, PublishConfig, publish
from stream.settings import Settings
from stream.sources.columns import BUILTIN, ColumnMap, builtin_columns, format_columns, load_columns
from stream.sources.files import FileContents, read_transactions
from stream.topics import ASSESSMENTS, ENRICHED, TRANSACTIONS

INTERRUPTED = 130
SHOWN_MALFORMED = 10
PATIENCE_SECONDS = 120.0
"""How long a worker may stay --max-lag behind before the replay gives up."""


def replay(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet, one payment a row.")],
    rate: Annotated[float | None, typer.Option(min=0.001, help="Payments a second.")] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.001, help="Times real time: 3600 plays an hour in a second.")
    ] = None,
    loop: Annotated[
        bool,
        typer.Option(
            "--loop", help="Repeat, whole days later and with new ids each time, while that is in the past."
        ),
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many payments.")] = None,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="History: it is learned from and archived, and alerts nobody.")
    ] = False,
    columns: Annotated[
        str | None,
        typer.Option(help=f"A column map (TOML), or {', '.join(BUILTIN)}. Default: found from the header."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first malformed row.")] = False,
    max_lag: Annotated[
        int | None, typer.Option(min=1, help="Wait while workers and archive are this many records behind.")
    ] = None,
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the brokers. Default: RISKSTREAM_KAFKA_BOOTSTRAP.")
    ] = None,
    wait: Annotated[
        float | None, typer.Option(min=0.05, help="Seconds to wait for a broker at start. Default: 30.")
    ] = None,
) -> None:
    """Publish the payments of a file, in event-time order and keyed by account; flat out unless told otherwise.

    Rows that are no payments are named and left out. Our own CSV, Kaggle's
    bank CSV and the Fraud Detection Handbook's columns are known; for another
    file the columns are found from headers and values, and shown.

    Exits with 0 when every payment was acknowledged, 1 when not, 2 on wrong
    usage, 130 when ended by Ctrl-C (what was queued is delivered first).

    Example: riskstream replay history.csv --backfill

    Example: riskstream replay live.csv --rate 500
    """
    if rate is not None and speed is not None:
        raise typer.BadParameter("give --rate or --speed, not both")
    settings = settings_from(kafka_bootstrap=bootstrap, kafka_connect_seconds=wait)
    console = Console(stderr=True, highlight=False)
    try:
        contents = _read(file, _column_map(columns), strict, console)
        wait_for_broker(settings)
        config = PublishConfig(
            client=settings.kafka_client(), rate=rate, speed=speed, loop=loop, limit=limit, backfill=backfill
        )
        total = limit if loop else min(limit or len(contents.transactions), len(contents.transactions))
        with _gate(settings, max_lag) as admit, _progress(console, total) as on_progress:
            report = publish(contents.transactions, config, on_progress, admit)
    except RiskstreamError as error:
        fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    _conclude(report)


def _column_map(given: str | None) -> ColumnMap | None:
    if given is None:
        return None
    for name in BUILTIN:
        if given == name:
            return builtin_columns(name)
    return load_columns(Path(given))


def _read(file: Path, columns: ColumnMap | None, strict: bool, console: Console) -> FileContents:
    with console.status(f"Reading {file.name}…"):
        contents = read_transactions(file, columns, strict=strict)
    if columns is None and contents.columns.notes:
        typer.echo(
            f"Columns found in {file.name}; save these lines as TOML and pass them with --columns to change them:"
        )
        typer.echo(format_columns(contents.columns))
    for row in contents.malformed[:SHOWN_MALFORMED]:
        typer.echo(f"malformed: {row}", err=True)
    if contents.malformed:
        typer.echo(f"{len(contents.malformed):,} malformed rows left out", err=True)
    if not contents.transactions:
        typer.echo(f"error: {file} holds no payment that can be read", err=True)
        raise typer.Exit(FAILED)
    return contents


@contextmanager
def _gate(settings: Settings, max_lag: int | None) -> Iterator[Admit | None]:
    """Give what holds the replay back while the workers of this application are behind."""
    if max_lag is None:
        yield None
        return
    with LagGate(settings.kafka_client(), settings.app_id, (TRANSACTIONS, ENRICHED, ASSESSMENTS)) as gate:

        def admit(_sent: int) -> bool:
            hold_back(gate, max_lag, PATIENCE_SECONDS)
            return True

        yield admit


@contextmanager
def _progress(console: Console, total: int | None) -> Iterator[Callable[[DeliveryReport], None]]:
    columns = (TextColumn("Replaying"), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("", total=total)

        def show(report: DeliveryReport) -> None:
            words = f"{report.acknowledged:,} acknowledged, {report.per_second:,.0f}/s"
            progress.update(task, completed=report.acknowledged, description=words)

        yield show


def _conclude(report: DeliveryReport) -> None:
    """Print the delivery report and exit as it deserves."""
    typer.echo(
        f"{report.sent:,} sent, {report.acknowledged:,} acknowledged, {report.failed:,} failed"
        f" in {report.seconds:.1f} s ({report.per_second:,.0f}/s)"
    )
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)
    if report.acknowledged < report.sent:
        typer.echo(f"error: not every payment arrived: {report.first_failure}", err=True)
        raise typer.Exit(FAILED)
