"""`riskstream doctor`: looks at everything a worker needs before it starts; it changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import typer
from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka.admin import AdminClient

from detectors.errors import BundleError
from scripts.options import FAILED, settings_from
from sinks.bundles import load_bundle
from sinks.errors import ArchiveUnavailableError, SinkError
from sinks.s3 import archive_error, s3_client
from stream.errors import StreamError
from stream.losses import ADVICE, check
from stream.positions import look
from stream.settings import Settings
from stream.topic_admin import describe_topics
from stream.topics import check_topics, declared_topics

_BROKER_SECONDS = 5.0
_NOT_FOUND = "404"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one thing: all is well, or how to mend it."""

    subject: Literal["broker", "topics", "s3", "bundle"]
    ok: bool
    message: str


def doctor() -> None:
    """Check broker, topics and their partitions, S3 and bundle: each line is ok or says how to mend it.

    Looks at what the RISKSTREAM_ and AWS_ variables of the environment point at, as a worker would.

    Exits with 0 when all is well, 1 when not.

    Example: RISKSTREAM_KAFKA_BOOTSTRAP=127.0.0.1:9092 riskstream doctor
    """
    healthy = True
    for finding in _examine(settings_from()):
        typer.echo(f"{'ok' if finding.ok else 'WRONG':6} {finding.subject:7} {finding.message}")
        healthy = healthy and finding.ok
    if not healthy:
        raise typer.Exit(FAILED)


def _examine(settings: Settings) -> Iterator[Finding]:
    yield from _examine_kafka(settings)
    yield _examine_s3(settings)
    yield _examine_bundle(settings)


def _examine_kafka(settings: Settings) -> Iterator[Finding]:
    declared = declared_topics(settings.partitions, settings.app_id)
    admin = AdminClient({**settings.kafka_client(), "log_level": "0"})
    try:
        existing = describe_topics(admin, declared, _BROKER_SECONDS)
    except StreamError as error:
        yield Finding("broker", False, f"{settings.kafka_bootstrap}: {error}")
        yield Finding("topics", False, "unknown while no broker answers")
        return
    yield Finding("broker", True, f"{settings.kafka_bootstrap} answers")
    mismatches = check_topics(declared, existing)
    for mismatch in mismatches:
        yield Finding("topics", False, mismatch.message)
    if not mismatches:
        yield from _examine_positions(settings, len(declared))


def _examine_positions(settings: Settings, topics: int) -> Iterator[Finding]:
    """Look whether the logs go on where workers left off: one that starts would end otherwise."""
    try:
        losses = check(look(settings))
    except StreamError as error:
        yield Finding("topics", False, str(error))
        return
    for loss in losses:
        yield Finding("topics", False, f"{loss}; {ADVICE}")
    if not losses:
        yield Finding("topics", True, f"{topics} topics with {settings.partitions} partitions each")


def _examine_s3(settings: Settings) -> Finding:
    bucket = settings.s3_bucket
    try:
        client = s3_client(settings.s3_endpoint)
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == _NOT_FOUND:
            mend = "a worker creates it at its start if it may; otherwise set RISKSTREAM_S3_BUCKET"
            return Finding("s3", True, f"bucket {bucket} does not exist yet: {mend}")
        return Finding("s3", False, str(archive_error(error, f"look at bucket {bucket}")))
    except BotoCoreError as error:
        trouble = archive_error(error, f"look at bucket {bucket}")
        mend = "; check RISKSTREAM_S3_ENDPOINT" if isinstance(trouble, ArchiveUnavailableError) else ""
        return Finding("s3", False, f"{trouble}{mend}")
    except SinkError as error:
        return Finding("s3", False, str(error))
    return Finding("s3", True, f"bucket {bucket} at {client.meta.endpoint_url}")


def _examine_bundle(settings: Settings) -> Finding:
    try:
        manifest = load_bundle(settings.bundle).manifest
    except BundleError as error:
        return Finding("bundle", False, str(error))
    return Finding("bundle", True, f"{settings.bundle}: version {manifest.version}, scores {manifest.score_kind}")
