"""`riskstream worker`: the Faust application as a process."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import structlog
import typer

from detectors.errors import RiskstreamError
from scripts.options import fail, settings_from
from sinks.bundles import load_bundle
from sinks.errors import ArchiveUnavailableError
from sinks.s3 import ensure_bucket, s3_client
from stream.embedded.aws import EmbeddedAws
from stream.embedded.broker import EmbeddedBroker
from stream.logs import configure_logs
from stream.reaching import wait_for_broker
from stream.settings import Settings
from stream.topic_admin import require_topics
from stream.topics import declared_topics, worker_topics
from stream.worker import end_process, run_worker

log = structlog.get_logger(__name__)

EMBEDDED_PARTITIONS = 4


def worker(
    bundle: Annotated[
        Path | None, typer.Option(help="Directory of the trained bundle. Default: RISKSTREAM_BUNDLE.")
    ] = None,
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the brokers. Default: RISKSTREAM_KAFKA_BOOTSTRAP.")
    ] = None,
    embedded: Annotated[
        bool,
        typer.Option("--embedded", help="Bring a broker and an S3 of its own, in memory: for a quick look only."),
    ] = False,
) -> None:
    """Consume transactions, assess and archive them, and publish alerts.

    Settings come from the environment (prefix RISKSTREAM_, see docs/settings.md). SIGTERM drains, commits and
    ends within 30 s. Exits with 0 after a stop, 1 after a failure.

    Example: riskstream worker --bundle bundles/current --bootstrap 127.0.0.1:9092
    """
    settings = settings_from(bundle=bundle, kafka_bootstrap=bootstrap)
    configure_logs(settings.log_level, settings.log_json)
    try:
        code = _run_embedded(settings) if embedded else _run(settings)
    except RiskstreamError as error:
        fail(error)
    end_process(code)


def _run(settings: Settings) -> int:
    trained = load_bundle(settings.bundle)
    wait_for_broker(settings)
    require_topics(settings, worker_topics(settings.app_id))
    _prepare_archive(settings)
    return run_worker(settings, trained)


def _prepare_archive(settings: Settings) -> None:
    """Make the bucket. A worker that follows another while S3 is away starts all the same: its archive waits."""
    try:
        ensure_bucket(s3_client(settings.s3_endpoint), settings.s3_bucket)
    except ArchiveUnavailableError as error:
        log.warning("assessing begins without the archive, which is retried", why=str(error))


def _run_embedded(settings: Settings) -> int:
    load_bundle(settings.bundle)
    with ExitStack() as stack:
        topics = declared_topics(EMBEDDED_PARTITIONS, settings.app_id)
        broker = stack.enter_context(EmbeddedBroker(topics))
        aws = stack.enter_context(EmbeddedAws(settings.s3_bucket))
        typer.echo("embedded broker and S3, in memory. Other terminals reach them with:", err=True)
        addresses = {"kafka_bootstrap": broker.bootstrap, "s3_endpoint": aws.endpoint}
        for name, value in (addresses | {"partitions": EMBEDDED_PARTITIONS}).items():
            typer.echo(f"  export RISKSTREAM_{name.upper()}={value}", err=True)
        return _run(settings.model_copy(update=addresses | {"partitions": EMBEDDED_PARTITIONS}))
