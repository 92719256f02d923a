"""The one place that declares every topic, and judges whether a cluster's are as declared; it asks no broker.

All topics have the same number of partitions, so that partition i of one feeds partition i of the next and
its memories lie in partition i of the changelog.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

TRANSACTIONS = "transactions"
ENRICHED = "transactions.enriched"
DEAD_LETTERS = "transactions.dead-letter"
ASSESSMENTS = "assessments"
ALERTS = "alerts"
EXPLAINED = "alerts.explained"
DRIFT = "drift"
LABELS = "labels"
MERCHANT_ACTIVITY = "merchant-activity"
MERCHANT_PROFILES = "merchant-profiles"
MERCHANT_PROGRESS = "merchant-progress"
KINESIS_CHECKPOINTS = "kinesis-checkpoints"
SUPPRESSIONS = "suppressions"

KIB = 1024
MIB = 1024 * KIB

COMPACTED_SEGMENT_BYTES = 16 * MIB
"""Two of the largest record batches. The open segment is never compacted, and recovery reads all of it."""

CleanupPolicy = Literal["delete", "compact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic as we want it to be."""

    name: str
    key: str
    """What the records' key is."""
    holds: str
    """What one record is."""
    partitions: int
    cleanup: CleanupPolicy = "delete"
    retention: timedelta = timedelta(days=7)
    """How long records are kept; a compacted topic keeps the last record of each key for ever."""
    segment_bytes: int = 256 * MIB
    max_message_bytes: int = MIB
    """Largest record batch the broker takes, after compression."""

    def config(self) -> dict[str, str]:
        """Give the topic's settings under Kafka's names."""
        config = {
            "cleanup.policy": self.cleanup,
            "segment.bytes": str(self.segment_bytes),
            "max.message.bytes": str(self.max_message_bytes),
        }
        if self.cleanup == "delete":
            return config | {"retention.ms": str(self.retention // timedelta(milliseconds=1))}
        # Only closed segments are compacted: close them early, or recovery reads every write ever made.
        return config | {
            "segment.ms": str(timedelta(hours=1) // timedelta(milliseconds=1)),
            "min.cleanable.dirty.ratio": "0.1",
        }


def changelog_of(app_id: str) -> str:
    """Name the changelog of the memories table, as Faust does.

    >>> changelog_of("riskstream")
    'riskstream-memories-changelog'
    """
    return f"{app_id}-memories-changelog"


def declared_topics(partitions: int, app_id: str) -> tuple[Topic, ...]:
    """Declare every topic for one number of partitions and one application."""
    return (
        Topic(
            name=TRANSACTIONS,
            key="any: the enrich stage keys anew",
            holds="a payment as its producer wrote it, JSON",
            partitions=partitions,
            # Roomy on purpose: a giant that a producer managed to send is ours to dead-letter.
            max_message_bytes=12 * MIB,
        ),
        Topic(
            name=ENRICHED,
            key="account_id; none on time marks",
            holds="a valid payment with its IP address located, a label, or a time mark, JSON",
            partitions=partitions,
        ),
        Topic(
            name=DEAD_LETTERS,
            key="the key of the rejected record",
            holds="the rejected bytes; reason and source position are headers",
            partitions=partitions,
            retention=timedelta(days=30),
        ),
        Topic(
            name=ASSESSMENTS,
            key="account_id",
            holds="the verdict on one payment, JSON",
            partitions=partitions,
        ),
        Topic(
            name=ALERTS,
            key="account_id",
            holds="a risky payment as a CloudEvent, JSON",
            partitions=partitions,
            retention=timedelta(days=30),
        ),
        Topic(
            name=EXPLAINED,
            key="account_id",
            holds="why an alert was raised: LIME's view and exact contributions, JSON",
            partitions=partitions,
            retention=timedelta(days=30),
        ),
        Topic(
            name=DRIFT,
            key="none",
            holds="a change in what a detector sees, JSON",
            partitions=partitions,
            retention=timedelta(days=30),
        ),
        Topic(
            name=LABELS,
            key="any: the label stage keys anew",
            holds="what came out about a payment, JSON",
            partitions=partitions,
            retention=timedelta(days=30),
        ),
        Topic(
            name=MERCHANT_ACTIVITY,
            key="the partition of the payments",
            holds="what a batch of payments and labels means to the merchants of one partition, JSON",
            partitions=partitions,
            # What is told of an open hour stays uncommitted until payments come that close it.
            retention=timedelta(days=30),
        ),
        Topic(
            name=MERCHANT_PROFILES,
            key="merchant/<id>, or ledger/<partition>",
            holds="the memory of a merchant after an hour, MessagePack",
            partitions=partitions,
            cleanup="compact",
            segment_bytes=COMPACTED_SEGMENT_BYTES,
            max_message_bytes=8 * MIB,
        ),
        Topic(
            name=MERCHANT_PROGRESS,
            key="the partition of the payments, or the one that answers a replay",
            holds="the hour up to which its worker knows all merchants, JSON",
            partitions=partitions,
            cleanup="compact",
            segment_bytes=4 * MIB,
        ),
        Topic(
            name=KINESIS_CHECKPOINTS,
            key="<app id>/<stream>/<shard>",
            holds="how far a shard of Kinesis has been passed on, JSON",
            partitions=partitions,
            cleanup="compact",
            segment_bytes=4 * MIB,
        ),
        Topic(
            name=SUPPRESSIONS,
            key="id of the suppression",
            holds="what analysts chose not to see in their queue, by whom, why and until when, JSON",
            partitions=partitions,
            cleanup="compact",
            segment_bytes=4 * MIB,
        ),
        Topic(
            name=changelog_of(app_id),
            key="account/<id>, or centroids/, clock/, drift/, head/<partition>",
            holds="a memory as it is after a batch, MessagePack",
            partitions=partitions,
            cleanup="compact",
            segment_bytes=COMPACTED_SEGMENT_BYTES,
            # What a batch changed is one record batch, so that it is written whole or not at all.
            max_message_bytes=8 * MIB,
        ),
    )


def worker_topics(app_id: str) -> frozenset[str]:
    """Name the topics that a worker needs: all but those of others."""
    return frozenset(topic.name for topic in declared_topics(1, app_id)) - {KINESIS_CHECKPOINTS, SUPPRESSIONS}


@dataclass(frozen=True, slots=True)
class ExistingTopic:
    """One topic as the cluster has it; settings are empty where the broker does not tell them."""

    partitions: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One way in which the cluster differs from what is declared."""

    topic: str
    kind: Literal["missing", "partitions", "cleanup", "size"]
    message: str
    """What is wrong and how to mend it."""


def check_topics(declared: Iterable[Topic], existing: Mapping[str, ExistingTopic]) -> list[Mismatch]:
    """Compare the cluster with what is declared; an empty list means that work can begin."""
    mismatches: list[Mismatch] = []
    for topic in declared:
        found = existing.get(topic.name)
        if found is None:
            message = f"topic {topic.name} is missing: run `riskstream create-topics`"
            mismatches.append(Mismatch(topic.name, "missing", message))
        else:
            mismatches += _differences(topic, found)
    return mismatches


def _differences(topic: Topic, found: ExistingTopic) -> Iterator[Mismatch]:
    name, count = topic.name, found.partitions
    policy = found.config.get("cleanup.policy", topic.cleanup)
    size = int(found.config.get("max.message.bytes", topic.max_message_bytes))
    if count != topic.partitions:
        message = (
            f"topic {name} has {count} partitions, {topic.partitions} are expected: if all have {count},"
            f" set RISKSTREAM_PARTITIONS={count}; otherwise delete this one (its records are lost) and run"
            " `riskstream create-topics`"
        )
        yield Mismatch(name, "partitions", message)
    if policy != topic.cleanup:
        harm = "memories would expire" if topic.cleanup == "compact" else "records would be thinned out"
        message = f"topic {name} has cleanup.policy={policy}, {topic.cleanup} is expected, or {harm}: "
        yield Mismatch(name, "cleanup", message + _alter(name, f"cleanup.policy={topic.cleanup}"))
    if size < topic.max_message_bytes:
        message = f"topic {name} takes batches of {size} bytes, {topic.max_message_bytes} are expected: "
        yield Mismatch(name, "size", message + _alter(name, f"max.message.bytes={topic.max_message_bytes}"))


def _alter(name: str, setting: str) -> str:
    return (
        "run `kafka-configs.sh --bootstrap-server <broker> --alter --entity-type topics"
        f" --entity-name {name} --add-config {setting}`"
    )
