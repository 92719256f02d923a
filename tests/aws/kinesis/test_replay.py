"""`riskstream replay --to kinesis`; what its target guarantees is proven in tests/unit/stream/kinesis/."""

from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from detectors.transaction import Transaction
from scripts import replay as command
from stream.embedded.aws import EmbeddedAws
from stream.kinesis.target import LINGER_SECONDS
from tests.aws.kinesis.streams import StreamUnderTest

APP = typer.Typer()
APP.command()(command.replay)
ROWS = [f"t{number},a{number % 7},m1,2026-01-05T10:{number:02}:00Z,3" for number in range(50)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "payments.csv"
    path.write_text("\n".join(["transaction_id,account_id,merchant_id,event_time,amount", *ROWS]))
    return path


@pytest.fixture
def stream(embedded_aws: EmbeddedAws) -> StreamUnderTest:
    return StreamUnderTest(embedded_aws.endpoint, 2)


def replay(file: Path, stream: StreamUnderTest, *arguments: object) -> Result:
    fixed = (file, "--to", "kinesis", "--stream", stream.name, "--endpoint", stream.endpoint)
    # No broker is there, and none is asked.
    nowhere = {"RISKSTREAM_KAFKA_BOOTSTRAP": "127.0.0.1:1", "RISKSTREAM_KAFKA_CONNECT_SECONDS": "0.05"}
    return CliRunner().invoke(APP, [str(each) for each in (*fixed, *arguments)], env=nowhere)


def stored(stream: StreamUnderTest) -> list[Transaction]:
    records = [record for shard in stream.stream.shards() for record in stream.records(shard.id)]
    found = [msgspec.json.decode(record["Data"], type=Transaction) for record in records]
    assert [record["PartitionKey"] for record in records] == [payment.account_id for payment in found]
    return found


def test_every_payment_is_put_and_counted(file: Path, stream: StreamUnderTest) -> None:
    result = replay(file, stream)

    assert result.exit_code == 0, result.output
    assert "50 sent, 50 acknowledged, 0 failed" in result.stdout
    found = stored(stream)
    assert len(found) == 50
    for account in {payment.account_id for payment in found}:
        times = [payment.event_time for payment in found if payment.account_id == account]
        assert times == sorted(times)


def test_a_rate_is_kept(file: Path, stream: StreamUnderTest) -> None:
    result = replay(file, stream, "--rate", 100, "--limit", 40)

    assert result.exit_code == 0
    seconds = float(result.stdout.split(" in ")[1].split(" s")[0])
    assert seconds >= round(39 / 100 - LINGER_SECONDS, 1)
    assert len(stored(stream)) == 40


def test_a_stream_that_does_not_exist_is_named_before_anything_is_sent(
    file: Path, stream: StreamUnderTest
) -> None:
    stream.delete()
    result = replay(file, stream)

    assert result.exit_code == 1
    assert "does not exist" in result.stderr


def test_labels_need_a_broker(file: Path, stream: StreamUnderTest, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    header = "transaction_id,account_id,merchant_id,event_time,disposition,source,observed_at"
    labels.write_text(f"{header}\nt1,a1,m1,2026-01-05T10:01:00Z,confirmed_fraud,chargeback,2026-01-05T10:30:00Z")
    result = replay(file, stream, "--labels", labels)

    assert result.exit_code == 1
    assert "no Kafka broker answers" in result.stderr
    assert stored(stream) == []


@pytest.mark.parametrize("option", [["--backfill"], ["--in-step"], ["--max-lag", "5"]])
def test_what_kinesis_cannot_give_is_refused(file: Path, stream: StreamUnderTest, option: list[str]) -> None:
    result = replay(file, stream, *option)

    assert result.exit_code == 2
    assert f"{option[0]} works with Kafka only" in result.stderr


def test_a_target_without_its_stream_is_refused(file: Path) -> None:
    assert CliRunner().invoke(APP, [str(file), "--to", "kinesis"]).exit_code == 2
    assert CliRunner().invoke(APP, [str(file), "--stream", "payments"]).exit_code == 2
