"""Kafka clients made from the settings: producers of the lanes, followers, Faust's credentials."""

import ssl
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from faust.types.auth import CredentialsT

from stream.batching.identities import PartitionProducer
from stream.settings import Settings

OUTPUT_BATCH_BYTES = 1_040_000
"""Just under the topics' `max.message.bytes` of 1 MiB."""
CHANGELOG_BATCH_BYTES = 4 * 1024 * 1024
"""Holds the memories of a whole batch; the changelog topic takes 8 MiB."""


def producer(settings: Settings, batch_bytes: int) -> AIOKafkaProducer:
    """Make a producer that neither loses, doubles nor reorders records of a partition.

    Without idempotence an expired batch followed by a good one would leave a hole that the guard then hides.
    """
    return AIOKafkaProducer(enable_idempotence=True, **_producer(settings, batch_bytes))


def changelog_producer(settings: Settings) -> PartitionProducer:
    """Make the producer of memories, which takes the record batch of a whole batch of payments."""
    return PartitionProducer(**_producer(settings, CHANGELOG_BATCH_BYTES))


def claimant(settings: Settings, transactional_id: str) -> AIOKafkaProducer:
    """Make a producer that takes a transactional id over, and is good for nothing else."""
    return AIOKafkaProducer(transactional_id=transactional_id, **_producer(settings, OUTPUT_BATCH_BYTES))


def _producer(settings: Settings, batch_bytes: int) -> dict[str, Any]:
    return {
        "bootstrap_servers": settings.kafka_bootstrap,
        "acks": "all",
        "linger_ms": 0,
        "max_batch_size": batch_bytes,
        "max_request_size": batch_bytes + 64 * 1024,
        **_security(settings),
    }


def follower(settings: Settings) -> AIOKafkaConsumer:
    """Make a consumer for somebody who reads whole partitions by himself: no group, no commits."""
    return AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        # A real broker answers as soon as there is a record; the embedded one only when this time is over.
        fetch_max_wait_ms=2 * settings.fetch_wait_ms,
        **_security(settings),
    )


def group_member(settings: Settings, group: str, topic: str) -> AIOKafkaConsumer:
    """Make a consumer that shares a topic with the others of a group; it commits what it is told to."""
    return AIOKafkaConsumer(
        topic,
        group_id=group,
        bootstrap_servers=settings.kafka_bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=int(settings.session_timeout_seconds * 1000),
        heartbeat_interval_ms=int(settings.session_timeout_seconds * 1000 / 6),
        **_security(settings),
    )


def faust_credentials(settings: Settings) -> CredentialsT | None:
    """Return the credentials Faust's consumer uses, or None for a plaintext listener."""
    if settings.kafka_security_protocol == "PLAINTEXT":
        return None
    if settings.kafka_security_protocol == "SSL":
        return faust.SSLCredentials(context=_ssl_context(settings))
    security = _security(settings)
    return faust.SASLCredentials(
        username=security["sasl_plain_username"],
        password=security["sasl_plain_password"],
        mechanism=settings.kafka_sasl_mechanism,
        ssl_context=security.get("ssl_context"),
    )


def _security(settings: Settings) -> dict[str, Any]:
    protocol = settings.kafka_security_protocol
    security: dict[str, Any] = {"security_protocol": protocol}
    if protocol.endswith("SSL"):
        security["ssl_context"] = _ssl_context(settings)
    if protocol.startswith("SASL"):
        password = settings.kafka_sasl_password
        security["sasl_mechanism"] = settings.kafka_sasl_mechanism
        security["sasl_plain_username"] = settings.kafka_sasl_username
        security["sasl_plain_password"] = password.get_secret_value() if password else None
    return security


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    ca_file = settings.kafka_ssl_ca_file
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
