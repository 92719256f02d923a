"""Which log a topic's name stands for: a topic that was deleted and made again has another id, and its offsets
begin anew. It only asks the broker; what follows from an answer is decided in `stream/losses.py`.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import stamina
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from stream.errors import BrokerUnavailable
from stream.topics import ENRICHED, LABELS, TRANSACTIONS

SOURCES = (TRANSACTIONS, LABELS)
"""Topics whose records others are made from: their ids are in origins."""
REMEMBERED = (*SOURCES, ENRICHED)
"""Topics whose offsets the memories remember."""
ATTEMPT_SECONDS = 5.0
"""A broker that has just gone may still be named as the controller: then another question finds the next one."""
_URL_SAFE = str.maketrans("+/", "-_")
_NO_ID = "A" * 22
_NOT_TOLD = (
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError._UNSUPPORTED_FEATURE,
)
_SEPARATOR = "@"
"""Occurs neither in a topic's name nor in an id."""


@dataclass(frozen=True, slots=True)
class TopicIds:
    """The ids of some topics; a topic is missing where the broker gives no ids, or has no such topic."""

    ids: Mapping[str, str] = field(default_factory=dict)

    def id_of(self, topic: str) -> str:
        """Return a topic's id; empty if it is not known."""
        return self.ids.get(topic, "")

    def source(self, topic: str) -> str:
        """Return what origins call a topic: its name and its id, or the plain name where no id is known.

        >>> TopicIds({"transactions": "q8Jn0zSWTGu9y4Xr1oTtDw"}).source("transactions")
        'transactions@q8Jn0zSWTGu9y4Xr1oTtDw'
        """
        return source_name(topic, self.id_of(topic))


NO_IDS = TopicIds()
"""What a broker tells that gives no ids: origins and heads then go by names alone."""


def source_name(topic: str, topic_id: str) -> str:
    """Join a topic's name and its id; an empty id leaves the plain name."""
    return f"{topic}{_SEPARATOR}{topic_id}" if topic_id else topic


def split_source(source: str) -> tuple[str, str]:
    """Return name and id of an origin's source; the id is empty in origins that have none.

    >>> split_source("transactions@q8Jn0zSWTGu9y4Xr1oTtDw")
    ('transactions', 'q8Jn0zSWTGu9y4Xr1oTtDw')
    """
    name, _, topic_id = source.partition(_SEPARATOR)
    return name, topic_id


def find_topic_ids(admin: AdminClient, names: Iterable[str] = REMEMBERED, timeout_s: float = 10.0) -> TopicIds:
    """Ask the cluster for the ids of topics, as Kafka's own tools print them.

    Raises:
        BrokerUnavailable: it does not answer.
    """
    try:
        cluster = admin.list_topics(timeout=timeout_s)
        # Asked for descriptions, a cluster without a controller (the embedded one) leaves us waiting for one.
        if cluster.controller_id not in cluster.brokers:
            return NO_IDS
        asked = admin.describe_topics(TopicCollection(list(names)), request_timeout=timeout_s)
        found = {name: _described(answer, timeout_s) for name, answer in asked.items()}
    except KafkaException as error:
        raise BrokerUnavailable(f"the broker does not tell its topics ({error.args[0].str()})") from error
    return TopicIds({name: topic_id for name, topic_id in found.items() if topic_id})


def wait_for_topic_ids(
    client: Mapping[str, str], patience_s: float, names: Iterable[str] = REMEMBERED
) -> TopicIds:
    """Ask as `find_topic_ids` does, again and again: while brokers restart there may be no controller.

    Raises:
        BrokerUnavailable: the cluster did not answer for so many seconds.
    """
    ask = stamina.retry(on=BrokerUnavailable, attempts=None, timeout=patience_s)(find_topic_ids)
    return ask(AdminClient({**client}), list(names), ATTEMPT_SECONDS)


def _described(answer: Future[Any], timeout_s: float) -> str:
    """Return the id in an answer; empty where there is no such topic, none with an id, or none for us to see."""
    try:
        topic_id = answer.result(timeout=timeout_s + 1).topic_id
    except KafkaException as error:
        if error.args[0].code() in _NOT_TOLD:
            return ""
        raise
    # Kafka's own tools print the URL-safe form, and a slash would divide origins.
    told = str(topic_id).translate(_URL_SAFE)
    return "" if topic_id is None or told == _NO_ID else told
