"""`riskstream doctor`: each line is ok or says how to mend it."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from botocore.exceptions import ClientError, EndpointConnectionError
from typer.testing import CliRunner

from scripts import doctor as module
from stream.embedded.broker import EmbeddedBroker
from stream.topics import declared_topics

APP = typer.Typer()
APP.command()(module.doctor)


class FakeS3:
    """An S3 client that answers `head_bucket` as it was told to."""

    meta = SimpleNamespace(endpoint_url="http://127.0.0.1:4566")

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    def head_bucket(self, **_: str) -> None:
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Everything that a worker needs; a test then breaks one thing."""
    trained = SimpleNamespace(manifest=SimpleNamespace(version="0123456789ab", score_kind="probability"))
    monkeypatch.setattr(module, "s3_client", lambda endpoint: FakeS3())
    monkeypatch.setattr(module, "load_bundle", lambda directory: trained)
    with EmbeddedBroker(declared_topics(4, "riskstream")) as broker:
        monkeypatch.setenv("RISKSTREAM_KAFKA_BOOTSTRAP", broker.bootstrap)
        monkeypatch.setenv("RISKSTREAM_PARTITIONS", "4")
        yield monkeypatch


def diagnose() -> tuple[int, list[str]]:
    result = CliRunner().invoke(APP, [])
    return result.exit_code, result.stdout.splitlines()


def fail_s3(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    monkeypatch.setattr(module, "s3_client", lambda endpoint: FakeS3(failure))


def refusal(status: int, code: str) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "HeadBucket")


@pytest.mark.usefixtures("healthy")
def test_all_is_well() -> None:
    code, lines = diagnose()

    assert code == 0
    assert [line.split()[:2] for line in lines] == [
        ["ok", "broker"],
        ["ok", "topics"],
        ["ok", "s3"],
        ["ok", "bundle"],
    ]


def test_no_broker_is_mended_by_starting_it_or_by_the_setting(healthy: pytest.MonkeyPatch) -> None:
    healthy.setenv("RISKSTREAM_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    healthy.setattr(module, "_BROKER_SECONDS", 0.05)

    code, lines = diagnose()

    assert code == 1
    assert lines[0].startswith("WRONG  broker  127.0.0.1:1")
    assert "RISKSTREAM_KAFKA_BOOTSTRAP" in lines[0]
    assert lines[1].startswith("WRONG  topics  unknown")


def test_other_partitions_are_told_topic_by_topic(healthy: pytest.MonkeyPatch) -> None:
    healthy.setenv("RISKSTREAM_PARTITIONS", "8")

    code, lines = diagnose()

    assert code == 1
    assert lines[1].startswith("WRONG  topics  topic transactions has 4 partitions, 8 are expected")
    wrong = [line for line in lines if line.startswith("WRONG  topics")]
    assert len(wrong) == len(declared_topics(4, "riskstream"))


def test_missing_topics_are_mended_by_create_topics(healthy: pytest.MonkeyPatch) -> None:
    healthy.setenv("RISKSTREAM_APP_ID", "another")

    code, lines = diagnose()

    assert code == 1
    assert lines[1] == "WRONG  topics  topic another-memories-changelog is missing: run `riskstream create-topics`"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (refusal(403, "403"), "credentials and permissions"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "check RISKSTREAM_S3_ENDPOINT"),
    ],
)
def test_each_trouble_with_s3_says_how_to_mend_it(
    healthy: pytest.MonkeyPatch, failure: Exception, words: str
) -> None:
    fail_s3(healthy, failure)

    code, lines = diagnose()

    assert code == 1
    assert lines[2].startswith("WRONG  s3 ")
    assert words in lines[2]


def test_a_bucket_that_the_worker_will_create_is_no_trouble(healthy: pytest.MonkeyPatch) -> None:
    fail_s3(healthy, refusal(404, "404"))

    code, lines = diagnose()

    assert code == 0
    assert "bucket riskstream-archive does not exist yet: a worker creates it" in lines[2]


def test_a_missing_bundle_says_how_to_train(healthy: pytest.MonkeyPatch, tmp_path: Path) -> None:
    healthy.undo()
    healthy.setenv("RISKSTREAM_BUNDLE", str(tmp_path / "none"))
    healthy.setenv("RISKSTREAM_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    healthy.setattr(module, "_BROKER_SECONDS", 0.05)
    fail_s3(healthy, refusal(404, "404"))

    code, lines = diagnose()

    assert code == 1
    assert lines[-1].startswith("WRONG  bundle ")
    assert "riskstream train" in lines[-1]


def test_settings_that_cannot_be_read_are_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKSTREAM_PARTITIONS", "many")

    result = CliRunner().invoke(APP, [])

    assert result.exit_code == 2
    assert "RISKSTREAM_PARTITIONS" in result.stderr
