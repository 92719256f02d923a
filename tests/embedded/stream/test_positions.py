"""A look at where everybody is, on the embedded broker."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from stream.embedded.broker import EmbeddedBroker
from stream.head import Head, encode_head, head_key
from stream.losses import LogRange, Partition
from stream.positions import BATCHED, look
from stream.settings import Settings
from stream.topic_ids import NO_IDS
from stream.topics import ENRICHED, TRANSACTIONS, declared_topics


@pytest.fixture
def settings() -> Iterator[Settings]:
    with EmbeddedBroker(declared_topics(2, "looked-at")) as broker:
        yield Settings(app_id="looked-at", kafka_bootstrap=broker.bootstrap, partitions=2)


def write(settings: Settings, topic: str, *records: tuple[bytes, bytes]) -> None:
    """Write records to partition 1."""
    producer = Producer({**settings.kafka_client()})
    for key, value in records:
        producer.produce(topic, value, key, partition=1)
    assert producer.flush(10) == 0


def test_nothing_was_committed_and_nothing_is_remembered_on_a_new_broker(settings: Settings) -> None:
    found = look(settings)
    assert (
        set(found.committed) == set(found.logs) == {Partition(topic, each) for topic in BATCHED for each in (0, 1)}
    )
    assert set(found.committed.values()) == {None}
    assert set(found.logs.values()) == {LogRange(0, 0)}
    assert found.heads == {}
    assert found.topics == NO_IDS, "the embedded broker gives none, and is not waited for"


def test_what_was_committed_and_what_a_log_holds_is_seen(settings: Settings) -> None:
    write(settings, TRANSACTIONS, (b"a", b"{}"), (b"b", b"{}"))
    consumer = Consumer({**settings.kafka_client(), "group.id": settings.app_id})
    consumer.commit(offsets=[TopicPartition(TRANSACTIONS, 1, 1)], asynchronous=False)
    consumer.close()

    found = look(settings)
    at = Partition(TRANSACTIONS, 1)
    assert (found.committed[at], found.logs[at]) == (1, LogRange(0, 2))
    assert found.committed[Partition(ENRICHED, 1)] is None


@pytest.mark.parametrize("behind", [0, 150])
def test_the_newest_head_is_found_however_many_memories_lie_behind_it(settings: Settings, behind: int) -> None:
    heads = [(head_key(1), encode_head(Head(each, {"transactions/1": each}, "b", "id"))) for each in (1, 2)]
    memories = [(b"account/%d" % each, b"memory") for each in range(behind)]
    write(settings, settings.changelog_topic, *memories, *heads, *memories)
    assert look(settings).heads == {1: Head(2, {"transactions/1": 2}, "b", "id")}
