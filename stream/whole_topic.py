"""Reads what a topic holds at this moment, once and from outside: it joins no group and commits nothing."""

import time
from collections.abc import Iterator
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from stream.errors import BrokerUnavailable
from stream.settings import Settings

QUIET_SECONDS: Final = 10.0
"""A broker that gives nothing for so long gives nothing."""
CONNECT_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.2


def records_of(settings: Settings, topic: str, newest: int | None = None) -> Iterator[Message]:
    """Yield the records of a topic, those of one partition in order; at most the `newest` of each.

    Raises:
        BrokerUnavailable: it cannot be read.
    """
    own = {
        "group.id": f"{settings.app_id}-reader",  # demanded by the client; nobody joins it
        "enable.auto.commit": "false",
        "enable.partition.eof": "true",
        "fetch.wait.max.ms": "100",
    }
    consumer = Consumer(settings.kafka_client() | own)
    try:
        yield from _records(consumer, topic, min(CONNECT_SECONDS, settings.kafka_connect_seconds), newest)
    except KafkaException as error:
        raise BrokerUnavailable(
            f"topic {topic} cannot be read at {settings.kafka_bootstrap} ({error.args[0].str()}): start the"
            " broker, set RISKSTREAM_KAFKA_BOOTSTRAP, or run `riskstream create-topics`"
        ) from error
    finally:
        consumer.close()


def _records(consumer: Consumer, topic: str, timeout: float, newest: int | None) -> Iterator[Message]:
    found = consumer.list_topics(topic, timeout=timeout).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    unread: dict[int, int] = {}
    places = []
    for partition in found.partitions:
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=timeout)
        if first < end:
            unread[partition] = end
            places.append(TopicPartition(topic, partition, first if newest is None else max(first, end - newest)))
    consumer.assign(places)
    deadline = time.monotonic() + QUIET_SECONDS
    while unread:
        message = consumer.poll(_POLL_SECONDS)
        if message is None:
            if time.monotonic() > deadline:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
            continue
        deadline = time.monotonic() + QUIET_SECONDS
        partition, offset, error = message.partition() or 0, message.offset() or 0, message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(error)
        if error is None and offset < unread.get(partition, 0):
            yield message
        if error is not None or offset + 1 >= unread.get(partition, 0):
            unread.pop(partition, None)
