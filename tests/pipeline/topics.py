"""What the topics hold: whole partitions read back, and the newest value of each key."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from stream.publishing import PRODUCER
from tests.pipeline.waiting import wait_until

LARGEST_MESSAGE_BYTES = 12 * 1024 * 1024
_SECONDS = 30.0


class Logged(NamedTuple):
    """One record as it lies in its partition."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def header(self, name: str) -> bytes | None:
        """Return the first header of a name."""
        return next((value for key, value in self.headers if key == name), None)


class Sending(NamedTuple):
    """One record to produce."""

    key: bytes | None
    value: bytes | None
    partition: int = -1
    """-1: by key, as the load generator does."""
    headers: tuple[tuple[str, str | bytes | None], ...] = ()


def produce(bootstrap: str, topic: str, records: Iterable[Sending]) -> None:
    """Write records in their order and wait for all acknowledgements."""
    limits = {"message.max.bytes": str(LARGEST_MESSAGE_BYTES)}
    producer = Producer({"bootstrap.servers": bootstrap, **PRODUCER, **limits})
    failures: list[KafkaError] = []
    for record in records:
        producer.produce(
            topic,
            record.value,
            record.key,
            partition=record.partition,
            headers=list(record.headers),
            on_delivery=lambda error, _message: None if error is None else failures.append(error),
        )
        producer.poll(0)
    # Longer waits may block their whole length (confluent-kafka-python issue 2215).
    wait_until(lambda: producer.flush(0.02) == 0, _SECONDS, "everything is acknowledged")
    assert not failures


def read_topic(bootstrap: str, topic: str) -> list[list[Logged]]:
    """Read everything a topic holds now, by partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "reader",
            "enable.partition.eof": "true",
            "fetch.wait.max.ms": "20",
            "log_level": "0",
        }
    )
    try:
        count = len(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(count)])
        return _read_to_the_end(consumer, count)
    finally:
        consumer.close()


def _read_to_the_end(consumer: Consumer, count: int) -> list[list[Logged]]:
    found: list[list[Logged]] = [[] for _ in range(count)]
    open_partitions = set(range(count))
    while open_partitions:
        messages = consumer.consume(1000, timeout=0.1)
        for message in messages:
            error, partition = message.error(), message.partition()
            assert partition is not None
            if error is None:
                found[partition].append(_logged(message))
            else:
                assert error.code() == KafkaError._PARTITION_EOF, error
                open_partitions.discard(partition)
    return found


def _logged(message: object) -> Logged:
    return Logged(
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        tuple(message.headers() or ()),
    )


def values(records: Iterable[Logged]) -> list[bytes]:
    """The records' values, in order."""
    return [record.value or b"" for record in records]


def newest_values(records: Sequence[Logged]) -> dict[bytes, bytes]:
    """What compaction would leave of a partition: the last value of each key."""
    newest: dict[bytes, bytes] = {}
    for record in records:
        assert record.key is not None
        assert record.value is not None
        newest[record.key] = record.value
    return newest
