"""`riskstream create-topics`; the creation itself is proven on a real broker in tests/broker."""

from collections.abc import Iterator, Sequence

import pytest
import typer
from confluent_kafka.admin import AdminClient
from typer.testing import CliRunner

from scripts.create_topics import create_topics
from stream import topic_admin, topics
from stream.embedded.broker import EmbeddedBroker

APP = typer.Typer()
APP.command()(create_topics)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedBroker]:
    """A broker that creates what is missing: the embedded one cannot be asked to by a client."""
    with EmbeddedBroker([]) as embedded:

        def create(
            admin: AdminClient, declared: Sequence[topics.Topic], replication: int
        ) -> dict[str, topic_admin.Creation]:
            existing = topic_admin.describe_topics(admin, declared)
            for topic in declared:
                if topic.name not in existing:
                    embedded.create_topic(topic.name, topic.partitions)
            return {topic.name: "exists" if topic.name in existing else "created" for topic in declared}

        monkeypatch.setattr(topic_admin, "create_topics", create)
        yield embedded


def test_every_topic_is_listed_with_what_happened_to_it(broker: EmbeddedBroker) -> None:
    broker.create_topic("alerts", 4)

    result = CliRunner().invoke(APP, ["--bootstrap", broker.bootstrap, "--partitions", "4"])

    assert result.exit_code == 0
    assert "created   transactions\n" in result.stdout
    assert "exists    alerts\n" in result.stdout
    assert "created   riskstream-memories-changelog\n" in result.stdout


def test_a_mismatch_is_an_error_that_says_how_to_mend_it(broker: EmbeddedBroker) -> None:
    broker.create_topic("alerts", 2)

    result = CliRunner().invoke(APP, ["--bootstrap", broker.bootstrap, "--partitions", "4"])

    assert result.exit_code == 1
    assert "mismatch  alerts\n" in result.stdout
    assert "topic alerts has 2 partitions, 4 are expected" in result.stderr


def test_options_win_over_the_environment(broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKSTREAM_KAFKA_BOOTSTRAP", broker.bootstrap)
    monkeypatch.setenv("RISKSTREAM_PARTITIONS", "2")

    result = CliRunner().invoke(APP, ["--partitions", "3"])

    listed = AdminClient({"bootstrap.servers": broker.bootstrap}).list_topics(timeout=5).topics
    assert result.exit_code == 0
    assert {len(topic.partitions) for topic in listed.values()} == {3}


def test_no_broker_is_an_error_that_names_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKSTREAM_KAFKA_CONNECT_SECONDS", "0.05")

    result = CliRunner().invoke(APP, ["--bootstrap", "127.0.0.1:1"])

    assert result.exit_code == 1
    assert "no Kafka broker answers at 127.0.0.1:1" in result.stderr


def test_nonsense_is_wrong_usage() -> None:
    assert CliRunner().invoke(APP, ["--partitions", "0"]).exit_code == 2
