"""Asks a cluster for its topics and creates those that are missing. Nothing here changes a topic that exists."""

import time
from collections.abc import Container, Iterable, Sequence
from typing import Literal

import stamina
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it re-exports without saying so
    AdminClient,
    ConfigEntry,
    ConfigResource,
    NewTopic,
)

from stream.errors import BrokerUnavailable, StreamError
from stream.settings import Settings
from stream.topics import ExistingTopic, Topic, check_topics, declared_topics

BROKER_DEFAULT_REPLICATION = -1
ATTEMPT_SECONDS = 5.0

Creation = Literal["created", "exists"]


class TopicsError(StreamError):
    """The broker answers, but refuses to create a topic."""


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


def require_topics(settings: Settings, needed: Container[str]) -> None:
    """Refuse to begin on topics that differ from what is declared. While brokers restart, it asks again.

    `needed` names those that matter.

    Raises:
        StreamError: some do; the message says how to mend that.
    """
    declared = [topic for topic in declared_topics(settings.partitions, settings.app_id) if topic.name in needed]
    ask = stamina.retry(on=BrokerUnavailable, attempts=None, timeout=settings.kafka_connect_seconds)(
        describe_topics
    )
    mismatches = check_topics(declared, ask(AdminClient({**settings.kafka_client()}), declared, ATTEMPT_SECONDS))
    if mismatches:
        raise StreamError("; ".join(mismatch.message for mismatch in mismatches))


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
