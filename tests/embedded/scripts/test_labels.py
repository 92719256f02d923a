"""`riskstream labels send` and `fetch`; tests/unit/stream/sources/test_labels.py proves how files are read."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from typer.testing import CliRunner, Result

from detectors.labels import Label, LabelSource
from scripts import labels as command
from stream import publishing
from stream.embedded.broker import EmbeddedBroker
from stream.partitioning import partition_of
from stream.publishing import DeliveryReport, PublishConfig
from stream.sources.labels import read_labels
from stream.topics import LABELS

PARTITIONS = 2
HEADER = "transaction_id,account_id,merchant_id,event_time,amount,is_fraud"
ROWS = [f"t{number},a{number},m1,2026-01-0{number}T10:00:00Z,3,1" for number in range(1, 6)]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.csv"
    path.write_text("\n".join([HEADER, *ROWS]))
    return path


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker([]) as embedded:
        embedded.create_topic(LABELS, PARTITIONS)
        yield embedded


@pytest.fixture(autouse=True)
def quick_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the half a second in which an idempotent producer asks for its id."""
    monkeypatch.setitem(publishing.PRODUCER, "enable.idempotence", "false")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command.labels, ["send", *(str(each) for each in arguments)])


def read(broker: EmbeddedBroker, number: int) -> list[tuple[int, bytes | None, Label]]:
    """Return partition, key and value of what was published."""
    own = {"group.id": "test", "fetch.wait.max.ms": "10", "log_level": "0"}
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, **own})
    consumer.assign([TopicPartition(LABELS, partition, 0) for partition in range(PARTITIONS)])
    messages = consumer.consume(number, timeout=10)
    consumer.close()
    return [
        (each.partition() or 0, each.key(), msgspec.json.decode(each.value() or b"", type=Label))
        for each in messages
    ]


def test_every_label_is_published_to_its_accounts_partition_and_counted(
    history: Path, broker: EmbeddedBroker
) -> None:
    result = run(history, "--delay", "12h", "--bootstrap", broker.bootstrap)

    assert result.exit_code == 0
    assert result.stdout.startswith("5 sent, 5 acknowledged, 0 failed in ")
    published = read(broker, 5)
    for partition, key, label in published:
        assert key == label.account_id.encode()
        assert partition == partition_of(label.account_id, PARTITIONS)
        assert label.observed_at - label.event_time == timedelta(hours=12)
    assert {label.transaction_id for _, _, label in published} == {"t1", "t2", "t3", "t4", "t5"}


def test_labels_of_the_future_are_left_out(history: Path, broker: EmbeddedBroker) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    history.write_text("\n".join([HEADER, *ROWS, f"t6,a6,m1,{tomorrow},3,1"]))

    result = run(history, "--bootstrap", broker.bootstrap)

    assert result.exit_code == 0
    assert "1 labels left out, observed after " in result.stderr
    assert result.stdout.startswith("5 sent")


def test_a_missing_topic_is_an_error(history: Path) -> None:
    with EmbeddedBroker([]) as empty:
        result = run(history, "--bootstrap", empty.bootstrap)

    assert result.exit_code == 1
    assert "topic labels does not exist" in result.stderr


def test_no_broker_is_an_error_after_the_wait(history: Path) -> None:
    result = run(history, "--bootstrap", "127.0.0.1:1", "--wait", "0.05")

    assert result.exit_code == 1
    assert "no Kafka broker answers at 127.0.0.1:1" in result.stderr


def test_a_label_that_did_not_arrive_is_a_failure(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "publish", lambda *_: DeliveryReport(5, 3, 2, 1.0, "timed out"))
    monkeypatch.setattr(command, "wait_for_broker", lambda settings: None)

    result = run(history)

    assert result.exit_code == 1
    assert "error: not every label arrived: timed out" in result.stderr


def test_ctrl_c_before_anything_is_sent_ends_at_once(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(events: Iterable[Label], config: PublishConfig, *_: object) -> DeliveryReport:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "publish", interrupt)
    monkeypatch.setattr(command, "wait_for_broker", lambda settings: None)

    assert run(history).exit_code == 130


def published(broker: EmbeddedBroker, value: bytes, partition: int, **headers: bytes) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap, "log_level": "0"})
    producer.produce(LABELS, value, partition=partition, headers=list(headers.items()))
    assert producer.flush(10) == 0


def said(number: int, source: LabelSource, hours: int) -> Label:
    paid = datetime(2026, 1, number, tzinfo=UTC)
    return Label(
        transaction_id=f"t{number}",
        account_id="a1",
        merchant_id="m1",
        event_time=paid,
        disposition="confirmed_fraud",
        source=source,
        observed_at=paid + timedelta(hours=hours),
    )


def test_what_analysts_published_becomes_a_file_for_training(broker: EmbeddedBroker, tmp_path: Path) -> None:
    later, earlier = said(2, "chargeback", 400), said(3, "analyst", 1)
    published(broker, msgspec.json.encode(later), 0)
    published(broker, msgspec.json.encode(earlier), 1)
    published(broker, b"token", 1, kind=b"echo")
    published(broker, b"no label", 0)
    target = tmp_path / "labels.csv"

    done = CliRunner().invoke(command.labels, ["fetch", "--output", str(target), "--bootstrap", broker.bootstrap])

    assert done.exit_code == 0, done.output
    assert read_labels(target).labels == [earlier, later]
    assert "2 labels" in done.output
    assert "1 records that are no labels" in done.output


def test_a_topic_that_is_not_there_is_named(tmp_path: Path) -> None:
    with EmbeddedBroker([]) as empty:
        target = tmp_path / "labels.csv"
        done = CliRunner().invoke(
            command.labels, ["fetch", "--output", str(target), "--bootstrap", empty.bootstrap]
        )

    assert done.exit_code == 1
    assert "riskstream create-topics" in done.output
    assert not target.exists()
