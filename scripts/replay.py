"""`riskstream replay`: the load generator, from a CSV or Parquet file to the topic `transactions`, or Kinesis."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from detectors.errors import RiskstreamError
from detectors.labels import Label
from scripts.delivery import INTERRUPTED, conclude, delivery_progress
from scripts.durations import read_delay
from scripts.options import FAILED, fail, settings_from
from sinks import aws
from stream.kinesis.service import KinesisStream
from stream.kinesis.target import KinesisTarget
from stream.pacing import LagGate, hold_back
from stream.publishing import Admit, PublishConfig, publish
from stream.reaching import wait_for_broker
from stream.settings import Settings
from stream.sources.columns import BUILTIN, ColumnMap, builtin_columns, format_columns, load_columns
from stream.sources.files import FileContents, MalformedRow, read_transactions
from stream.sources.labels import read_labels
from stream.stepping import InStep
from stream.timeline import Event
from stream.topics import ASSESSMENTS, ENRICHED, TRANSACTIONS


class To(StrEnum):
    """Where payments can go."""

    KAFKA = "kafka"
    KINESIS = "kinesis"


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
    labels: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Labels to send among the payments, each when it was observed."
        ),
    ] = None,
    label_delay: Annotated[
        str, typer.Option(metavar="TIME", help="From payment to label, if --labels does not tell: 7d, 36h, 90m.")
    ] = "7d",
    in_step: Annotated[
        bool,
        typer.Option(
            "--in-step", help="Wait at hour borders of event time until all workers know all merchants so far."
        ),
    ] = False,
    columns: Annotated[
        str | None,
        typer.Option(help=f"A column map (TOML), or {', '.join(BUILTIN)}. Default: found from the header."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first malformed row.")] = False,
    max_lag: Annotated[
        int | None, typer.Option(min=1, help="Wait while workers and archive are this many records behind.")
    ] = None,
    to: Annotated[To, typer.Option(help="Where payments go: the topic, or a Kinesis stream.")] = To.KAFKA,
    stream: Annotated[str | None, typer.Option(help="Name of the stream, with --to kinesis.")] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(help="URL of Kinesis. Default: AWS_ENDPOINT_URL, LOCALSTACK_HOST, or AWS itself."),
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

    --labels takes a file as `riskstream labels send` does, or the payments'
    own file if it tells which were fraud. --in-step makes a replay at any
    speed give the assessments that a live run would have given.

    Exits with 0 when every payment was acknowledged, 1 when not, 2 on wrong
    usage, 130 when ended by Ctrl-C (what was queued is delivered first).

    Example: riskstream replay history.csv --backfill

    Example: riskstream replay live.csv --rate 500

    Example: riskstream replay live.csv --in-step --labels live.csv

    Example: riskstream replay live.csv --to kinesis --stream payments
    """
    if rate is not None and speed is not None:
        raise typer.BadParameter("give --rate or --speed, not both")
    if loop and labels is not None:
        raise typer.BadParameter("give --loop or --labels, not both")
    _check_target(to, stream, {"--backfill": backfill, "--in-step": in_step, "--max-lag": max_lag is not None})
    delay = read_delay(label_delay)
    settings = settings_from(kafka_bootstrap=bootstrap, kafka_connect_seconds=wait)
    console = Console(stderr=True, highlight=False)
    try:
        contents = _read(file, _column_map(columns), strict, console)
        known = [] if labels is None else _read_labels(labels, contents, delay, console)
        target = None if stream is None else KinesisTarget(KinesisStream(aws.client("kinesis", endpoint), stream))
        if target is None or known:
            wait_for_broker(settings)
        config = PublishConfig(
            client=settings.kafka_client(), rate=rate, speed=speed, loop=loop, limit=limit, backfill=backfill
        )
        events: list[Event] = [*contents.transactions, *known]
        total = limit if loop else min(limit or len(events), len(events))
        steps = InStep(settings.kafka_client(), known) if in_step else None
        with (
            _gate(settings, max_lag) as admit,
            steps or nullcontext(),
            delivery_progress(console, "Replaying", total) as on_progress,
        ):
            report = publish(events, config, on_progress, admit, steps, target)
    except RiskstreamError as error:
        fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    if steps is not None:
        typer.echo(f"in step: {steps.waits}")
    conclude(report, "record" if known else "payment")


def _check_target(to: To, stream: str | None, kafka_only: Mapping[str, bool]) -> None:
    """Refuse what a stream cannot give: its records have no headers, and nobody here sees how far it is read."""
    if (to is To.KINESIS) != (stream is not None):
        raise typer.BadParameter("--to kinesis and --stream go together")
    for option, given in kafka_only.items():
        if given and to is To.KINESIS:
            raise typer.BadParameter(f"{option} works with Kafka only, not with --to kinesis")


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
    _warn(contents.malformed)
    if not contents.transactions:
        typer.echo(f"error: {file} holds no payment that can be read", err=True)
        raise typer.Exit(FAILED)
    return contents


def _read_labels(file: Path, contents: FileContents, delay: timedelta, console: Console) -> list[Label]:
    """Read the labels that become known while the payments are played; the others are for a later replay."""
    with console.status(f"Reading {file.name}…"):
        found = read_labels(file, payments=contents.transactions, delay=delay)
    _warn(found.malformed)
    last = max(payment.event_time for payment in contents.transactions)
    known = [label for label in found.labels if label.observed_at <= last]
    if len(known) < len(found.labels):
        later = len(found.labels) - len(known)
        typer.echo(f"{later:,} labels left out, observed after the last payment", err=True)
    return known


def _warn(malformed: Sequence[MalformedRow]) -> None:
    for row in malformed[:SHOWN_MALFORMED]:
        typer.echo(f"malformed: {row}", err=True)
    if malformed:
        typer.echo(f"{len(malformed):,} malformed rows left out", err=True)


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
