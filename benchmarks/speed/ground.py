"""The ground that all rivals stand on: one broker, its topics, one S3, one bundle.

Topics have the product's own names, so each phase of the benchmark gets them anew and has an application id of
its own.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from confluent_kafka import Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # it does not say so

from benchmarks.speed.process import RivalFailed
from detectors.transaction import Transaction
from stream.embedded.aws import EmbeddedAws
from stream.publishing import PRODUCER
from stream.settings import Settings
from stream.topic_admin import create_topics
from stream.topics import ASSESSMENTS, TRANSACTIONS, declared_topics

PARTITIONS: Final = 8
BUCKET: Final = "riskstream-archive"
ARCHIVE_FLUSH_SECONDS: Final = 2
"""Shorter than the default, so that the archive's work ends with that of the other stages."""
ANSWER_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Ground:
    """Where one phase of the benchmark takes place."""

    admin: AdminClient
    bootstrap: str
    aws: EmbeddedAws
    bundle: Path
    app_id: str

    @property
    def settings(self) -> Settings:
        """What clients in the benchmark's own process use."""
        return Settings(
            kafka_bootstrap=self.bootstrap, partitions=PARTITIONS, bundle=self.bundle, app_id=self.app_id
        )

    def environment(self, app_id: str | None = None) -> dict[str, str]:
        """Settings of a process that works here, under this phase's application id or its own."""
        return {
            **self.aws.environment(),
            "RISKSTREAM_KAFKA_BOOTSTRAP": self.bootstrap,
            "RISKSTREAM_PARTITIONS": str(PARTITIONS),
            "RISKSTREAM_BUNDLE": str(self.bundle),
            "RISKSTREAM_APP_ID": app_id or self.app_id,
            "RISKSTREAM_S3_BUCKET": BUCKET,
            "RISKSTREAM_S3_PREFIX": app_id or self.app_id,
            "RISKSTREAM_ARCHIVE_FLUSH_SECONDS": str(ARCHIVE_FLUSH_SECONDS),
            "RISKSTREAM_HEALTH_PORT": "0",
            # Explaining is a process beside the worker, measured by benchmarks/explain; no rival has it.
            "RISKSTREAM_EXPLAIN_PROCESSES": "0",
            "RISKSTREAM_LOG_LEVEL": "warning",
        }

    def clear(self) -> None:
        """Make all topics anew, empty."""
        admin = self.admin
        topics = declared_topics(PARTITIONS, self.app_id)
        there = admin.list_topics(timeout=ANSWER_SECONDS).topics
        doomed = {topic.name for topic in topics} & set(there)
        for answer in admin.delete_topics(list(doomed)).values() if doomed else ():
            answer.result(timeout=ANSWER_SECONDS)
        deadline = time.monotonic() + ANSWER_SECONDS
        while doomed & set(admin.list_topics(timeout=ANSWER_SECONDS).topics):
            if time.monotonic() > deadline:
                raise RivalFailed(f"the broker does not delete its topics within {ANSWER_SECONDS:g} s")
            time.sleep(0.05)
        create_topics(admin, topics, 1)

    def create_changelog(self, app_id: str) -> None:
        """Make the changelog of another application that reads the same topics."""
        create_topics(self.admin, declared_topics(PARTITIONS, app_id), 1)

    def ends(self, topic: str = ASSESSMENTS) -> list[int]:
        """Where the partitions of a topic end."""
        asked = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        newest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # it has no types
        found = self.admin.list_offsets(dict.fromkeys(asked, newest))
        return [int(found[each].result(timeout=ANSWER_SECONDS).offset) for each in asked]


def header(message: Message, name: str) -> bytes:
    """A header of a record that was read.

    Raises:
        RivalFailed: reading failed, or the record has no such header.
    """
    if message.error() is not None:
        raise RivalFailed(f"a topic cannot be read: {message.error()}")
    value = dict(message.headers() or ()).get(name)
    if not isinstance(value, bytes):
        raise RivalFailed(f"a record of {message.topic()} has no header `{name}`")
    return value


class Backlog:
    """Payments, encoded beforehand, that are poured into `transactions` as fast as the broker takes them."""

    def __init__(self, payments: Sequence[Transaction]) -> None:
        encode = msgspec.json.Encoder().encode
        self._records = [(encode(payment), payment.account_id.encode()) for payment in payments]

    def pour(self, ground: Ground) -> None:
        """Write all of them, keyed by account, and wait for the acknowledgements."""
        buffer = {"queue.buffering.max.messages": str(2 * len(self._records) + 1000), "linger.ms": "5"}
        producer = Producer({**ground.settings.kafka_client(), **PRODUCER, **buffer})
        for value, key in self._records:
            producer.produce(TRANSACTIONS, value, key)
        while producer.flush(0.1):
            pass
