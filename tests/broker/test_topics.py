"""The declared topics on a real Apache Kafka."""

from dataclasses import replace

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from stream.topics import MIB, Topic, TopicsError, check_topics, create_topics, declared_topics, describe_topics
from tests.kafka_broker import ApacheKafka


@pytest.fixture
def admin(kafka: ApacheKafka) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka.bootstrap})


def under(prefix: str, partitions: int = 4) -> tuple[Topic, ...]:
    """The declared topics under names of one test's own, since the broker is shared."""
    return tuple(
        replace(topic, name=f"{prefix}-{topic.name}") for topic in declared_topics(partitions, app_id="test")
    )


def test_topics_are_created_as_declared(admin: AdminClient) -> None:
    topics = under("as-declared")

    created = create_topics(admin, topics)

    existing = describe_topics(admin, topics)
    assert set(created.values()) == {"created"}
    assert check_topics(topics, existing) == []
    for topic in topics:
        assert existing[topic.name].config.items() >= topic.config().items()


def test_creating_twice_leaves_what_exists(admin: AdminClient) -> None:
    topics = under("twice")
    create_topics(admin, topics[:2])

    again = create_topics(admin, topics)

    assert list(again.values()) == ["exists", "exists", *["created"] * (len(topics) - 2)]


def test_every_kind_of_mismatch_is_found(admin: AdminClient) -> None:
    topics = under("mismatch")
    create_topics(admin, [replace(topic, partitions=2, max_message_bytes=MIB) for topic in topics[1:-1]])
    create_topics(admin, [replace(topics[-1], cleanup="delete", max_message_bytes=MIB)])

    kinds = [(mismatch.topic, mismatch.kind) for mismatch in check_topics(topics, describe_topics(admin, topics))]

    assert kinds == [
        (topics[0].name, "missing"),
        *[(topic.name, "partitions") for topic in topics[1:-1]],
        (topics[-1].name, "cleanup"),
        (topics[-1].name, "size"),
    ]


def test_a_refused_topic_names_the_setting_to_change(admin: AdminClient) -> None:
    with pytest.raises(TopicsError, match="RISKSTREAM_REPLICATION to at most the number of brokers"):
        create_topics(admin, under("refused")[:1], replication=3)


def test_the_input_topic_takes_a_message_of_ten_megabytes(admin: AdminClient, kafka: ApacheKafka) -> None:
    (topic,) = under("giant", partitions=1)[:1]
    create_topics(admin, [topic])
    giant = b"x" * 10_000_000

    producer = Producer({"bootstrap.servers": kafka.bootstrap, "message.max.bytes": 11 * MIB})
    producer.produce(topic.name, giant)
    undelivered = producer.flush(20)

    consumer = Consumer(
        {"bootstrap.servers": kafka.bootstrap, "group.id": "giant", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic.name])
    record = consumer.poll(20)
    consumer.close()
    assert undelivered == 0
    assert record is not None
    assert record.value() == giant
