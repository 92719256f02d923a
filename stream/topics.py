"""The one place that declares every topic: what makes them, what checks them, and who reads them start here.

All topics have the same number of partitions, so that partition i of one feeds partition i of the next and
its memories lie in partition i of the changelog. Nothing here changes a topic that exists.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it re-exports without saying so
    AdminClient,
    ConfigEntry,
    ConfigResource,
    NewTopic,
)

from stream.errors import BrokerUnavailable, StreamError

TRANSACTIONS = "transactions"
ENRICHED = "transactions.enriched"
DEAD_LETTERS = "transactions.dead-letter"
ASSESSMENTS = "assessments"
ALERTS = "alerts"
DRIFT = "drift"
LABELS = "labels"
MERCHANT_ACTIVITY = "merchant-activity"
MERCHANT_PROFILES = "merchant-profiles"
MERCHANT_PROGRESS = "merchant-progress"

KIB = 1024
MIB = 1024 * KIB
BROKER_DEFAULT_REPLICATION = -1

CleanupPolicy = Literal["delete", "compact"]
Creation = Literal["created", "exists"]


class TopicsError(StreamError):
    """The broker answers, but refuses to create a topic."""


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
            segment_bytes=32 * MIB,
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
            name=changelog_of(app_id),
            key="account/<id>, or centroids/, clock/, drift/, head/<partition>",
            holds="a memory as it is after a batch, MessagePack",
            partitions=partitions,
            cleanup="compact",
            segment_bytes=32 * MIB,
            # What a batch changed is one record batch, so that it is written whole or not at all.
            max_message_bytes=8 * MIB,
        ),
    )


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


def describe_topics(
    admin: AdminClient, declared: Iterable[Topic], timeout_s: float = 10.0
) -> dict[str, ExistingTopic]:
    """Ask the cluster which of the declared topics it has, and how they are set.

    Settings stay empty on a broker without a controller (the embedded one) and where we may not read them.
    """
    try:
        cluster = admin.list_topics(timeout=timeout_s)
    except KafkaException as error:
        raise BrokerUnavailable(_unreachable(error)) from error
    names = [
        topic.name
        for topic in declared
        if topic.name in cluster.topics and cluster.topics[topic.name].error is None
    ]
    # Asked for settings, a cluster without a controller leaves us waiting for one.
    tells = bool(names) and cluster.controller_id in cluster.brokers
    configs = _read_configs(admin, names, timeout_s) if tells else {}
    return {name: ExistingTopic(len(cluster.topics[name].partitions), configs.get(name, {})) for name in names}


def _read_configs(admin: AdminClient, names: Sequence[str], timeout_s: float) -> dict[str, dict[str, str]]:
    asked = admin.describe_configs(
        [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names], request_timeout=timeout_s
    )
    configs: dict[str, dict[str, str]] = {}
    for resource, answer in asked.items():
        try:
            entries: dict[str, ConfigEntry] = answer.result(timeout=timeout_s + 1)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                continue
            raise BrokerUnavailable(_unreachable(error)) from error
        configs[resource.name] = {key: entry.value for key, entry in entries.items() if entry.value is not None}
    return configs


def create_topics(
    admin: AdminClient,
    topics: Sequence[Topic],
    replication: int = BROKER_DEFAULT_REPLICATION,
    timeout_s: float = 30.0,
) -> dict[str, Creation]:
    """Create the topics that are missing, leave the others as they are, and return when all can be seen.

    Raises TopicsError if the broker refuses one.
    """
    asked = admin.create_topics(
        [
            NewTopic(
                topic.name,
                num_partitions=topic.partitions,
                replication_factor=replication,
                config=topic.config(),
            )
            for topic in topics
        ],
        request_timeout=timeout_s,
    )
    done: dict[str, Creation] = {}
    for name, answer in asked.items():
        try:
            answer.result(timeout=timeout_s + 1)
            done[name] = "created"
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise TopicsError(_refused(name, error)) from error
            done[name] = "exists"
    _wait_until_listed(admin, topics, timeout_s)
    return done


def _wait_until_listed(admin: AdminClient, topics: Sequence[Topic], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while missing := {topic.name for topic in topics} - set(describe_topics(admin, topics)):
        if time.monotonic() > deadline:
            names = ", ".join(sorted(missing))
            raise TopicsError(f"the broker took {names} but does not list it: look into the broker's log")
        time.sleep(0.05)


def _unreachable(error: KafkaException) -> str:
    return (
        f"the broker does not tell its topics ({error.args[0].str()}): check that it runs, that"
        " RISKSTREAM_KAFKA_BOOTSTRAP names it, and the RISKSTREAM_KAFKA_SASL_* and _SSL_* settings"
    )


def _refused(name: str, error: KafkaException) -> str:
    reason: KafkaError = error.args[0]
    match reason.code():
        case KafkaError.TOPIC_AUTHORIZATION_FAILED | KafkaError.CLUSTER_AUTHORIZATION_FAILED:
            mend = "ask the cluster's owner for the right to create it"
        case KafkaError.INVALID_REPLICATION_FACTOR:
            mend = "set RISKSTREAM_REPLICATION to at most the number of brokers"
        case _:
            mend = "check that the broker runs, then run `riskstream create-topics` again"
    return f"topic {name} could not be created ({reason.str()}): {mend}"
