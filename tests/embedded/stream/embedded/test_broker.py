"""The broker inside this process."""

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from stream.embedded.broker import EmbeddedBroker, EmbeddedBrokerError
from stream.topics import declared_topics

TOPICS = declared_topics(partitions=6, app_id="demo")


def test_it_listens_on_loopback_only() -> None:
    with EmbeddedBroker([]) as broker:
        assert broker.bootstrap.startswith("127.0.0.1:")


def test_topics_have_the_partitions_that_were_chosen() -> None:
    with EmbeddedBroker(TOPICS) as broker:
        listed = AdminClient({"bootstrap.servers": broker.bootstrap}).list_topics(timeout=5).topics

    assert {name: len(topic.partitions) for name, topic in listed.items()} == {topic.name: 6 for topic in TOPICS}


def test_a_group_reads_what_was_produced() -> None:
    with EmbeddedBroker(TOPICS) as broker:
        client = {"bootstrap.servers": broker.bootstrap}
        producer = Producer(client)
        producer.produce("alerts", key=b"a-1", value=b"risky")
        undelivered = producer.flush(5)
        consumer = Consumer(client | {"group.id": "readers", "auto.offset.reset": "earliest"})
        consumer.subscribe(["alerts"])
        record = consumer.poll(5)
        consumer.close()

    assert undelivered == 0
    assert record is not None
    assert (record.key(), record.value()) == (b"a-1", b"risky")


def test_a_topic_is_made_once() -> None:
    with EmbeddedBroker(TOPICS) as broker, pytest.raises(EmbeddedBrokerError, match="already has a topic alerts"):
        broker.create_topic("alerts", 2)


def test_two_brokers_do_not_share_topics() -> None:
    with EmbeddedBroker(TOPICS), EmbeddedBroker([]) as other:
        assert AdminClient({"bootstrap.servers": other.bootstrap}).list_topics(timeout=5).topics == {}


def test_outside_its_block_it_has_no_address() -> None:
    with EmbeddedBroker([]) as broker:
        pass

    with pytest.raises(EmbeddedBrokerError, match="not running"):
        _ = broker.bootstrap
