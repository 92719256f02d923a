"""What a worker needs of its broker before it starts, and how it ends when that is missing."""

import pytest
from confluent_kafka.admin import (
    AdminClient,
    NewPartitions,
)

from stream.topics import ALERTS
from tests.pipeline.cluster import Cluster

pytestmark = pytest.mark.timeout(60)
SECONDS = 20.0


def refusal(cluster: Cluster, **environment: str) -> str:
    """Start a worker that must end with 1, and return all that it said."""
    with cluster.start_worker(**environment) as worker:
        assert worker.exit_code(SECONDS) == 1
        return worker.log_text()


def test_without_a_broker_it_waits_and_gives_up(cluster: Cluster) -> None:
    said = refusal(cluster, RISKSTREAM_KAFKA_BOOTSTRAP="127.0.0.1:1", RISKSTREAM_KAFKA_CONNECT_SECONDS="1")
    assert said == (
        "error: no Kafka broker answers at 127.0.0.1:1 (waited 1 s, PLAINTEXT): start it, or set"
        " RISKSTREAM_KAFKA_BOOTSTRAP and RISKSTREAM_KAFKA_SECURITY_PROTOCOL\n"
    )


def test_missing_topics_are_named_with_the_command_that_makes_them(cluster: Cluster) -> None:
    said = refusal(cluster, RISKSTREAM_APP_ID="somebody-else")
    assert said == "error: topic somebody-else-memories-changelog is missing: run `riskstream create-topics`\n"


def test_topics_with_another_number_of_partitions_are_refused(cluster: Cluster) -> None:
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap, "log_level": 0})
    for answer in admin.create_partitions([NewPartitions(ALERTS, 5)]).values():
        answer.result(10)
    assert "error: topic alerts has 5 partitions, 4 are expected" in refusal(cluster)
