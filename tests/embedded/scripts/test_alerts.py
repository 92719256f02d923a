"""Facts about `riskstream alerts`, on a broker inside this process."""

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, BinaryIO

import pytest
import typer
from confluent_kafka import Producer
from typer.testing import CliRunner, Result

from scripts.alerts import alerts, describe, interrupted_afterwards
from scripts.pipes import check_reader, until_reader_leaves
from sinks.alerts import alert_event, decode_alert
from stream.embedded.broker import EmbeddedBroker
from stream.topics import ALERTS, declared_topics
from tests.unit.sinks.assessments import assessment, transaction

ALERTS_TOPIC = [topic for topic in declared_topics(2, "test") if topic.name == ALERTS]
WRITTEN = [
    alert_event(assessment(1, risk_level="high"), transaction()),
    b"not an alert \x1b[31m",
    alert_event(assessment(2, risk_level="critical", alert="escalation"), transaction()),
]

app = typer.Typer(add_completion=False)
app.command()(alerts)


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A broker on whose topic `WRITTEN` was published."""
    with EmbeddedBroker(ALERTS_TOPIC) as embedded:
        publish(embedded.bootstrap, *WRITTEN)
        yield embedded.bootstrap


def publish(bootstrap: str, *values: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0})
    for value in values:
        producer.produce(ALERTS, value, partition=1)
    assert producer.flush(10) == 0


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def shown(**changes: Any) -> str:
    return describe(decode_alert(alert_event(assessment(**changes), transaction()))).plain


class TestFollowing:
    def test_old_alerts_come_first_on_demand(self, broker: str) -> None:
        result = run("--bootstrap", broker, "--from-beginning", "--limit", "2")

        assert result.exit_code == 0
        assert "TX000001" in result.stdout
        assert "TX000002" in result.stdout

    def test_json_is_the_event_as_published(self, broker: str) -> None:
        result = run("--bootstrap", broker, "--from-beginning", "--limit", "2", "--json")

        assert result.stdout.encode() == WRITTEN[0] + b"\n" + WRITTEN[2] + b"\n"

    def test_lower_levels_can_be_left_out(self, broker: str) -> None:
        result = run(
            "--bootstrap", broker, "--from-beginning", "--limit", "1", "--json", "--min-level", "critical"
        )

        assert json.loads(result.stdout)["subject"] == "TX000002"

    def test_a_record_that_is_no_alert_is_named_and_skipped(self, broker: str) -> None:
        result = run("--bootstrap", broker, "--from-beginning", "--limit", "2")

        assert "skipped a record of topic alerts, partition 1, offset 1" in result.stderr
        assert "\x1b" not in result.stderr

    def test_only_new_alerts_come_otherwise(self, broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
        fresh = alert_event(assessment(3), transaction())
        publish_once = iter([lambda: publish(broker, fresh)])
        monkeypatch.setattr("scripts.alerts.check_reader", lambda: next(publish_once, lambda: None)())

        result = run("--bootstrap", broker, "--limit", "1", "--json")

        assert result.stdout.encode() == fresh + b"\n"

    def test_ctrl_c_is_a_good_end(self, broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("scripts.alerts.check_reader", interrupt)

        assert run("--bootstrap", broker).exit_code == 0

    def test_ctrl_c_is_a_good_end_even_while_the_broker_is_down(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It then strikes inside a callback of the client."""
        with EmbeddedBroker(ALERTS_TOPIC) as embedded:
            monkeypatch.setattr("scripts.alerts.check_reader", embedded.close)
            monkeypatch.setattr("scripts.alerts._report", lambda _error: signal.raise_signal(signal.SIGINT))

            assert run("--bootstrap", embedded.bootstrap).exit_code == 0

    def test_ctrl_c_waits_for_the_end_of_a_poll(self) -> None:
        done = []

        def poll() -> None:
            with interrupted_afterwards():
                signal.raise_signal(signal.SIGINT)
                done.append(True)

        with pytest.raises(KeyboardInterrupt):
            poll()

        assert done


def interrupt() -> None:
    raise KeyboardInterrupt


class TestFailing:
    def test_a_broker_that_is_down_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("scripts.alerts.CONNECT_SECONDS", 0.1)

        result = run("--bootstrap", "127.0.0.1:1")

        assert result.exit_code == 1
        assert "no Kafka broker answers at 127.0.0.1:1" in result.stderr

    def test_a_missing_topic_is_named(self) -> None:
        with EmbeddedBroker([]) as embedded:
            result = run("--bootstrap", embedded.bootstrap)

        assert result.exit_code == 1
        assert "topic alerts cannot be read" in result.stderr
        assert "riskstream create-topics" in result.stderr

    @pytest.mark.parametrize("wrong", [("--limit", "0"), ("--min-level", "huge"), ("--colour",)])
    def test_wrong_options_are_wrong_usage(self, wrong: tuple[str, ...]) -> None:
        assert run(*wrong).exit_code == 2


class TestDescription:
    def test_it_says_when_how_risky_and_why(self) -> None:
        assert shown(number=1).splitlines() == [
            "2026-03-14 09:26:53Z  HIGH       99.81 (rarity)  step_up",
            "    account …0001 paid 412.50 EUR to M042 in Zürich, CH; transaction TX000001",
            "    - 412.50 is 9 times this account's usual amount",
            "    - first payment from this device",
        ]

    def test_escalations_and_provisional_scores_say_so(self) -> None:
        first_line = shown(alert="escalation", provisional=True).splitlines()[0]

        assert first_line.endswith("(rarity, provisional)  step_up  escalation")

    def test_the_account_is_shown_in_full_on_demand(self) -> None:
        event = decode_alert(WRITTEN[0])

        assert "AC000001" not in describe(event).plain
        assert "AC000001" in describe(event, reveal=True).plain

    @pytest.mark.parametrize(
        "field", ["transaction_id", "account_id", "merchant_id", "location", "currency", "country"]
    )
    def test_no_field_can_drive_the_terminal(self, field: str) -> None:
        nasty: dict[str, Any] = {field: "a\x1b[2J\x9b31m\r\u202ez"}
        event = decode_alert(alert_event(assessment(**nasty), transaction()))

        for reveal in (False, True):
            lines = describe(event, reveal).plain.split("\n")
            assert len(lines) == 4
            assert all(map(str.isprintable, lines))


@contextmanager
def piped() -> Iterator[BinaryIO]:
    """Make standard output a pipe and yield its other end. No fixture: pytest's capture would undo it."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as read_end, os.fdopen(writer, "w") as write_end, redirect_stdout(write_end):
        yield read_end


class TestPipes:
    @pytest.mark.parametrize("as_json", [True, False])
    def test_the_command_ends_when_its_reader_left(self, broker: str, as_json: bool) -> None:
        with piped() as reader:
            reader.close()

            alerts(bootstrap=broker, from_beginning=True, as_json=as_json)

    @pytest.mark.parametrize("write", [check_reader, lambda: print("x", flush=True)])  # noqa: T201
    def test_nothing_is_left_to_complain_about(self, write: Callable[[], None]) -> None:
        with piped() as reader:
            reader.close()

            with until_reader_leaves():
                write()
                pytest.fail("a write without a reader went through")

            sys.stdout.flush()

    def test_a_reader_that_waits_is_no_reason_to_end(self) -> None:
        with piped():
            check_reader()

    def test_a_standard_output_in_memory_is_no_reason_to_end(self) -> None:
        with redirect_stdout(io.StringIO()):
            check_reader()
