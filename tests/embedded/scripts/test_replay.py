"""`riskstream replay`; what it publishes is proven in tests/unit/stream/test_publishing.py."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import typer
from confluent_kafka import Consumer, TopicPartition
from typer.testing import CliRunner, Result

from scripts import replay as command
from stream import publishing
from stream.embedded.broker import EmbeddedBroker
from stream.publishing import DeliveryReport, PublishConfig
from stream.sources.columns import ColumnMap, save_columns

APP = typer.Typer()
APP.command()(command.replay)
HEADER = "transaction_id,account_id,merchant_id,event_time,amount"
ROWS = [f"t{number},a{number},m1,2026-01-05T10:0{number}:00Z,3" for number in range(5)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "payments.csv"
    path.write_text("\n".join([HEADER, *ROWS]))
    return path


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker([]) as embedded:
        embedded.create_topic("transactions", 2)
        embedded.create_topic("transactions.enriched", 2)
        embedded.create_topic("assessments", 2)
        embedded.create_topic("labels", 2)
        yield embedded


@pytest.fixture(autouse=True)
def quick_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the half a second in which an idempotent producer asks for its id."""
    monkeypatch.setitem(publishing.PRODUCER, "enable.idempotence", "false")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(APP, [str(each) for each in arguments])


def count(broker: EmbeddedBroker, topic: str = "transactions") -> int:
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "count", "log_level": "0"})
    ends = [consumer.get_watermark_offsets(TopicPartition(topic, each), timeout=5) for each in range(2)]
    consumer.close()
    return sum(high for _, high in ends)


def test_every_payment_is_published_and_counted(file: Path, broker: EmbeddedBroker) -> None:
    before = count(broker)

    result = run(file, "--bootstrap", broker.bootstrap)

    assert result.exit_code == 0
    assert result.stdout.startswith("5 sent, 5 acknowledged, 0 failed in ")
    assert count(broker) == before + 5


def test_malformed_rows_are_named_counted_and_left_out(file: Path, broker: EmbeddedBroker) -> None:
    file.write_text("\n".join([HEADER, ROWS[0], "t8,a1,m1,never,3", ROWS[1]]))

    result = run(file, "--bootstrap", broker.bootstrap)

    assert result.exit_code == 0
    assert 'malformed: payments.csv, line 3: event_time "never" is not a time' in result.stderr
    assert "1 malformed rows left out" in result.stderr
    assert "2 sent, 2 acknowledged" in result.stdout


def test_strict_stops_before_anything_is_sent(file: Path, broker: EmbeddedBroker) -> None:
    file.write_text("\n".join([HEADER, ROWS[0], "t8,a1,m1,never,3"]))
    before = count(broker)

    result = run(file, "--bootstrap", broker.bootstrap, "--strict")

    assert result.exit_code == 1
    assert 'error: payments.csv, line 3: event_time "never"' in result.stderr
    assert count(broker) == before


def test_a_file_without_a_readable_payment_is_an_error(file: Path) -> None:
    file.write_text(HEADER)

    result = run(file)

    assert result.exit_code == 1
    assert "holds no payment that can be read" in result.stderr


def test_an_unknown_file_shows_the_columns_it_was_read_with(file: Path, broker: EmbeddedBroker) -> None:
    file.write_text("Tx ID;Client;Shop;Booked;Amount\n1;c;s;05.01.2026 10:00;3.50")

    result = run(file, "--bootstrap", broker.bootstrap)

    assert result.exit_code == 0
    assert 'event_time = "Booked"' in result.stdout
    assert "# Booked: the times name no zone and are taken as UTC." in result.stdout


def test_labels_are_sent_among_the_payments_and_later_ones_are_left_out(
    file: Path, tmp_path: Path, broker: EmbeddedBroker
) -> None:
    told = tmp_path / "told.csv"
    told.write_text(
        "transaction_id,disposition,observed_at\n"
        "t0,confirmed_fraud,2026-01-05T10:02:30Z\nt1,false_positive,2026-01-05T10:04:00Z\n"
        "t2,confirmed_fraud,2026-01-06T10:00:00Z\n"
    )
    before = count(broker, "labels")

    result = run(file, "--labels", told, "--bootstrap", broker.bootstrap)

    assert result.exit_code == 0
    assert "1 labels left out, observed after the last payment" in result.stderr
    assert result.stdout.startswith("7 sent, 7 acknowledged")
    assert count(broker, "labels") == before + 2


def test_in_step_needs_workers_that_tell_their_progress(file: Path, broker: EmbeddedBroker) -> None:
    result = run(file, "--in-step", "--bootstrap", broker.bootstrap)

    assert result.exit_code == 1
    assert "topic merchant-progress does not exist: run `riskstream create-topics`" in result.stderr


@pytest.mark.parametrize("wrong", [["--loop"], ["--label-delay", "soon"]])
def test_labels_that_cannot_be_placed_are_wrong_usage(file: Path, wrong: list[str]) -> None:
    assert run(file, "--labels", file, *wrong).exit_code == 2


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[PublishConfig]:
    """Catch what would be published."""
    caught: list[PublishConfig] = []

    def publish(transactions: Sequence[object], config: PublishConfig, *_: object) -> DeliveryReport:
        caught.append(config)
        return DeliveryReport(sent=len(transactions), acknowledged=len(transactions), seconds=1)

    monkeypatch.setattr(command, "publish", publish)
    monkeypatch.setattr(command, "wait_for_broker", lambda settings: None)
    return caught


def test_options_reach_the_engine(file: Path, published: list[PublishConfig]) -> None:
    result = run(file, "--speed", "60", "--loop", "--limit", "9", "--backfill", "--bootstrap", "kafka:9092")

    (config,) = published
    assert result.exit_code == 0
    assert (config.rate, config.speed, config.loop, config.limit, config.backfill) == (None, 60, True, 9, True)
    assert config.client["bootstrap.servers"] == "kafka:9092"


def test_a_column_map_is_used(file: Path, tmp_path: Path, published: list[PublishConfig]) -> None:
    fields = HEADER.split(",")
    file.write_text("\n".join(["a,b,c,d,e", *ROWS]))
    save_columns(ColumnMap(columns=dict(zip(fields, "abcde", strict=True))), tmp_path / "map.toml")

    assert run(file).exit_code == 1
    assert run(file, "--columns", tmp_path / "map.toml").exit_code == 0
    assert run(file, "--columns", "riskstream").exit_code == 1
    assert len(published) == 1


@pytest.mark.parametrize(
    ("report", "exit_code", "says"),
    [
        (DeliveryReport(5, 5, 0, 1.0), 0, "5 sent, 5 acknowledged, 0 failed in 1.0 s (5/s)"),
        (DeliveryReport(5, 3, 2, 1.0, "timed out"), 1, "error: not every payment arrived: timed out"),
        (DeliveryReport(3, 3, 0, 1.0, interrupted=True), 130, "3 sent"),
    ],
)
def test_the_exit_code_tells_what_became_of_the_payments(
    file: Path, monkeypatch: pytest.MonkeyPatch, report: DeliveryReport, exit_code: int, says: str
) -> None:
    monkeypatch.setattr(command, "publish", lambda *_: report)
    monkeypatch.setattr(command, "wait_for_broker", lambda settings: None)

    result = run(file)

    assert result.exit_code == exit_code
    assert says in result.output


def test_a_second_ctrl_c_ends_at_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "publish", interrupt)
    monkeypatch.setattr(command, "wait_for_broker", lambda settings: None)

    assert run(file).exit_code == 130


def test_a_worker_that_stays_behind_ends_the_replay(
    file: Path, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PATIENCE_SECONDS", 0.0)
    assert run(file, "--bootstrap", broker.bootstrap, "--max-lag", "1000").exit_code == 0

    result = run(file, "--bootstrap", broker.bootstrap, "--max-lag", "1")

    assert result.exit_code == 1
    assert "consumer group riskstream has been 1 records or more behind" in result.stderr


def test_no_broker_is_an_error_after_the_wait(file: Path) -> None:
    result = run(file, "--bootstrap", "127.0.0.1:1", "--wait", "0.05")

    assert result.exit_code == 1
    assert "no Kafka broker answers at 127.0.0.1:1" in result.stderr


@pytest.mark.parametrize("wrong", [["--rate", "5", "--speed", "5"], ["--rate", "0"], ["--limit", "0"]])
def test_nonsense_is_wrong_usage(file: Path, wrong: list[str]) -> None:
    assert run(file, *wrong).exit_code == 2
