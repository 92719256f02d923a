"""Schedules, and the gate that keeps a replay from running ahead."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from stream.embedded.broker import EmbeddedBroker
from stream.errors import StreamError
from stream.pacing import AtRate, AtSpeed, LagGate, PacingError, hold_back

START = datetime(2026, 1, 5, tzinfo=UTC)


def test_a_rate_spaces_payments_evenly() -> None:
    assert [AtRate(4).due_s(index, START) for index in range(3)] == [0, 0.25, 0.5]


def test_a_speed_follows_the_payments_own_clock() -> None:
    assert AtSpeed(3600, START).due_s(7, START + timedelta(hours=2)) == 2


@pytest.fixture(scope="module")
def client() -> Iterator[dict[str, str]]:
    """A broker with one topic of 2 partitions, 30 records in the first and 12 in the second."""
    with EmbeddedBroker([]) as broker:
        broker.create_topic("in", 2)
        properties = {"bootstrap.servers": broker.bootstrap, "log_level": "0"}
        producer = Producer(properties)
        for number in range(42):
            producer.produce("in", b"x", partition=int(number >= 30))
        assert producer.flush(10) == 0
        yield properties


def commit(client: dict[str, str], group: str, *offsets: int) -> None:
    consumer = Consumer({**client, "group.id": group})
    places = [TopicPartition("in", partition, offset) for partition, offset in enumerate(offsets)]
    consumer.commit(offsets=places, asynchronous=False)
    consumer.close()


def test_a_group_that_committed_nothing_is_behind_by_everything(client: dict[str, str]) -> None:
    with LagGate(client, "nobody", ["in"]) as gate:
        assert gate.lag() == 42


def test_lag_is_summed_over_partitions(client: dict[str, str]) -> None:
    commit(client, "some", 20, 10)

    with LagGate(client, "some", ["in"]) as gate:
        assert gate.lag() == 12


def test_the_gate_opens_once_the_group_has_caught_up(client: dict[str, str]) -> None:
    with LagGate(client, "late", ["in"]) as gate:
        assert not gate.wait_below(10, time.monotonic())
        commit(client, "late", 30, 12)
        assert gate.wait_below(10, time.monotonic() + 5)


def test_a_reader_that_stays_behind_is_an_error_that_names_it(client: dict[str, str]) -> None:
    with (
        LagGate(client, "stuck", ["in"]) as gate,
        pytest.raises(PacingError, match="consumer group stuck has been 5 records or more behind for 0 s"),
    ):
        hold_back(gate, 5, patience_s=0)


def test_a_topic_that_does_not_exist_is_an_error(client: dict[str, str]) -> None:
    with (
        LagGate(client, "some", ["elsewhere"]) as gate,
        pytest.raises(StreamError, match="topic elsewhere does not exist"),
    ):
        gate.lag()
