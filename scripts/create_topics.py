"""`riskstream create-topics`: makes the topics that are missing and judges the others; it never changes one."""

from typing import Annotated

import typer
from confluent_kafka.admin import AdminClient

from detectors.errors import RiskstreamError
from scripts.options import FAILED, fail, settings_from
from stream import topic_admin, topics
from stream.reaching import wait_for_broker
from stream.settings import Settings


def create_topics(
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the brokers. Default: RISKSTREAM_KAFKA_BOOTSTRAP.")
    ] = None,
    partitions: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Of every topic. Default: RISKSTREAM_PARTITIONS, or 8."),
    ] = None,
    replication: Annotated[
        int | None, typer.Option(min=1, max=10, help="Copies of each. Default: RISKSTREAM_REPLICATION, or 1.")
    ] = None,
) -> None:
    """Create the topics that are missing, and say how to mend those that differ.

    Plan 4 to 8 partitions for each worker you expect: another number later
    moves accounts away from their memories.

    Exits with 0 when all topics are as declared, 1 when not.

    Example: riskstream create-topics --bootstrap 127.0.0.1:9092 --partitions 8
    """
    settings = settings_from(kafka_bootstrap=bootstrap, partitions=partitions, replication=replication)
    try:
        mismatches = _create(settings)
    except RiskstreamError as error:
        fail(error)
    if mismatches:
        raise typer.Exit(FAILED)


def _create(settings: Settings) -> list[topics.Mismatch]:
    wait_for_broker(settings)
    admin = AdminClient({**settings.kafka_client()})
    declared = topics.declared_topics(settings.partitions, settings.app_id)
    done = topic_admin.create_topics(admin, declared, settings.replication)
    mismatches = topics.check_topics(declared, topic_admin.describe_topics(admin, declared))
    wrong = {mismatch.topic for mismatch in mismatches}
    for name, creation in done.items():
        typer.echo(f"{'mismatch' if name in wrong else creation:9} {name}")
    for mismatch in mismatches:
        typer.echo(f"error: {mismatch.message}", err=True)
    return mismatches
