"""The declared topics on a real Apache Kafka."""

from dataclasses import replace

import pytest
import typer
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from typer.testing import CliRunner

from scripts.create_topics import create_topics as create_topics_command
from stream.topic_admin import TopicsError, create_topics, describe_topics
from stream.topics import MIB, Topic, check_topics, declared_topics
from tests.kafka_broker import ApacheKafka


@pytest.fixture
def admin(kafka: ApacheKafka) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka.bootstrap})


def under(prefix: str, partitions: int = 4) -> tuple[Topic, ...]:
    """The declared topics under names of one test's own, since the broker is shared."""
    return tuple(
        replace(topic, name=f"{prefix}-{topic.name}") for topic in declared_topics(partitions, app_id="test")
    )


def read_one(kafka: ApacheKafka, topic: str) -> bytes | None:
    """Read the first record of a topic."""
    consumer = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap,
            "group.id": f"reader-of-{topic}",
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
    )
    consumer.subscribe([topic])
    record = consumer.poll(20)
    consumer.close()
    return record.value() if record is not None else None


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
    create_topics(admin, [replace(topic, partitions=2) for topic in topics[1:-1]])
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

    assert undelivered == 0
    assert read_one(kafka, topic.name) == giant


def test_the_command_creates_once_and_then_finds_all_as_declared(empty_kafka: ApacheKafka) -> None:
    app = typer.Typer()
    app.command("create-topics")(create_topics_command)
    arguments = ["--bootstrap", empty_kafka.bootstrap, "--partitions", "4"]

    first, second = CliRunner().invoke(app, arguments), CliRunner().invoke(app, arguments)
    other = CliRunner().invoke(app, [*arguments[:-1], "8"])

    assert (first.exit_code, second.exit_code, other.exit_code) == (0, 0, 1)
    assert first.stdout.splitlines()[0] == "created   transactions"
    assert second.stdout.splitlines()[0] == "exists    transactions"
    assert other.stdout.splitlines()[0] == "mismatch  transactions"
    assert "set RISKSTREAM_PARTITIONS=4" in other.stderr


def test_topics_and_records_survive_a_power_cut(empty_kafka: ApacheKafka) -> None:
    """The broker of the tests keeps address and data, which tests of recovery lean on."""
    topic = declared_topics(1, app_id="test")[0]
    create_topics(AdminClient({"bootstrap.servers": empty_kafka.bootstrap}), [topic])
    producer = Producer({"bootstrap.servers": empty_kafka.bootstrap, "log_level": 0})
    producer.produce(topic.name, b"before")
    producer.flush(10)

    empty_kafka.kill()
    empty_kafka.start()

    assert read_one(empty_kafka, topic.name) == b"before"
