"""`riskstream kinesis`: reads a Kinesis stream into the pipeline, as a process beside the workers."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from detectors.errors import RiskstreamError
from scripts.options import fail, settings_from
from sinks import aws
from stream.kinesis.adapter import NAMED, From, Plan, run_adapter
from stream.kinesis.service import KinesisStream, milliseconds
from stream.kinesis.shards import Share
from stream.logs import configure_logs
from stream.reaching import wait_for_broker
from stream.settings import Settings
from stream.topic_admin import require_topics
from stream.topics import DEAD_LETTERS, ENRICHED, KINESIS_CHECKPOINTS
from stream.worker import end_process

TOPICS = (ENRICHED, DEAD_LETTERS, KINESIS_CHECKPOINTS)


def kinesis(
    stream: Annotated[str, typer.Option(help="Name of the Kinesis stream.")],
    begin: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="trim-horizon|latest|TIME",
            help="Where to begin in shards without a checkpoint; TIME as 2026-01-05T10:00:00Z.",
        ),
    ] = "trim-horizon",
    shard_index: Annotated[int, typer.Option(min=0, help="Which of the adapters this is, from 0.")] = 0,
    shard_count: Annotated[int, typer.Option(min=1, help="How many adapters share the shards.")] = 1,
    once: Annotated[bool, typer.Option("--once", help="End when all shards are read up to now.")] = False,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Go on although records expired before they were read.")
    ] = False,
    endpoint: Annotated[
        str | None,
        typer.Option(help="URL of Kinesis. Default: AWS_ENDPOINT_URL, LOCALSTACK_HOST, or AWS itself."),
    ] = None,
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the brokers. Default: RISKSTREAM_KAFKA_BOOTSTRAP.")
    ] = None,
) -> None:
    """Read payments from a Kinesis stream: decoded, validated and located, they go to Kafka; bad ones become dead
    letters.

    Shards are read by polling, parents before their children. Checkpoints are
    kept in Kafka, so that a restart goes on where it was; what comes twice is
    skipped by the workers.

    SIGTERM finishes what is under way, writes checkpoints and ends. Exits
    with 0 after a stop or --once, 1 after a failure, 2 on wrong usage.

    Example: riskstream kinesis --stream payments --endpoint http://127.0.0.1:4566

    Example: riskstream kinesis --stream payments --shard-index 1 --shard-count 2
    """
    if shard_index >= shard_count:
        raise typer.BadParameter("--shard-index has to be below --shard-count")
    plan = Plan(_read_begin(begin), Share(shard_index, shard_count), once, accept_loss)
    settings = settings_from(kafka_bootstrap=bootstrap)
    configure_logs(settings.log_level, settings.log_json)
    try:
        _run(settings, stream, endpoint, plan)
    except RiskstreamError as error:
        fail(error)
    # A read that hangs in a thread would hold the interpreter's own end up.
    end_process(0)


def _run(settings: Settings, name: str, endpoint: str | None, plan: Plan) -> None:
    wait_for_broker(settings)
    require_topics(settings, TOPICS)
    stream = KinesisStream(aws.client("kinesis", endpoint), name)
    asyncio.run(run_adapter(settings, stream, plan))


def _read_begin(text: str) -> From:
    for name in NAMED:
        if text == name:
            return name
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"--from takes trim-horizon, latest or a time, not {text!r}") from None
    if moment.tzinfo is None:
        raise typer.BadParameter(f"--from {text} names no time zone: add Z for UTC")
    return milliseconds(moment.astimezone(UTC))
