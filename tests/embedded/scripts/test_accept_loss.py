"""`riskstream accept-loss`; that it accepts is proven on a real broker in tests/broker/worker/test_sources.py."""

import logging
from collections.abc import Iterator

import pytest
import structlog
import typer
from confluent_kafka import Consumer, TopicPartition
from typer.testing import CliRunner

from scripts.accept_loss import accept_loss
from stream.embedded.broker import EmbeddedBroker
from stream.topics import TRANSACTIONS, declared_topics

APP = typer.Typer()
APP.command()(accept_loss)


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    with EmbeddedBroker(declared_topics(2, "riskstream")) as embedded:
        yield embedded
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def run(broker: EmbeddedBroker, *arguments: str) -> tuple[int, str]:
    options = ("--bootstrap", broker.bootstrap, "--partitions", "2", *arguments)
    result = CliRunner().invoke(APP, options)
    return result.exit_code, result.output


def commit_past_the_end(broker: EmbeddedBroker) -> None:
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "riskstream", "log_level": 0})
    consumer.commit(offsets=[TopicPartition(TRANSACTIONS, 1, 70)], asynchronous=False)
    consumer.close()


@pytest.mark.parametrize("arguments", [(), ("--yes",)])
def test_where_nothing_is_lost_it_says_so_and_does_nothing(broker: EmbeddedBroker, arguments: tuple[str]) -> None:
    assert run(broker, *arguments) == (0, "nothing is lost: every log goes on where the workers left off\n")


def test_what_is_lost_is_only_shown_unless_told_otherwise(broker: EmbeddedBroker) -> None:
    commit_past_the_end(broker)
    for _ in range(2):
        code, said = run(broker)
        assert code == 1
        loss, advice = said.splitlines()
        assert loss.startswith("cut       transactions partition 1: offset 70 comes next, but the log ends at 0")
        assert advice == "to go on without: stop all workers, then `riskstream accept-loss --yes`"


def test_where_the_broker_does_not_tell_whether_workers_run_nothing_is_written(broker: EmbeddedBroker) -> None:
    commit_past_the_end(broker)
    code, said = run(broker, "--yes")
    assert code == 1
    assert "error: the broker at" in said
    assert run(broker)[0] == 1
