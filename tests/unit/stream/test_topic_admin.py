"""What a cluster is asked for its topics; creating them is proven on a real broker in tests/broker."""

import pytest
from confluent_kafka.admin import AdminClient

from stream.embedded.broker import EmbeddedBroker
from stream.errors import BrokerUnavailable
from stream.topic_admin import describe_topics
from stream.topics import ExistingTopic, declared_topics

TOPICS = declared_topics(partitions=8, app_id="test")


def test_a_broker_without_a_controller_tells_partitions_only() -> None:
    with EmbeddedBroker(TOPICS[:2]) as broker:
        existing = describe_topics(AdminClient({"bootstrap.servers": broker.bootstrap}), TOPICS)

    assert existing == {"transactions": ExistingTopic(8, {}), "transactions.enriched": ExistingTopic(8, {})}


def test_asking_for_topics_creates_none() -> None:
    with EmbeddedBroker([]) as broker:
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})
        describe_topics(admin, TOPICS)

        assert describe_topics(admin, TOPICS) == {}


def test_an_unreachable_broker_is_named_as_the_trouble() -> None:
    nobody = AdminClient({"bootstrap.servers": "127.0.0.1:1", "log_level": 0})

    with pytest.raises(BrokerUnavailable, match="RISKSTREAM_KAFKA_BOOTSTRAP"):
        describe_topics(nobody, TOPICS, timeout_s=0.05)
