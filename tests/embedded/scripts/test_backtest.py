"""Facts about `riskstream backtest --archive`, on an embedded S3."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from scripts.backtest import backtest
from sinks.archive import ParquetArchive
from sinks.bundles import save_bundle
from sinks.s3 import ensure_bucket, s3_client
from stream.backtest import backtest as fold
from stream.embedded.aws import EmbeddedAws
from tests.unit.detectors.histories import history, labels, rarity_bundle
from tests.unit.sinks.assessments import flushed

app = typer.Typer(add_completion=False)
app.command()(backtest)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 that holds what a worker archived, the latter half twice."""
    verdicts = fold(history(), rarity_bundle(), 1)[0].assessments
    with EmbeddedAws("empty") as aws:
        client = s3_client(aws.endpoint)
        ensure_bucket(client, "filled")
        ranges = [flushed(*verdicts), flushed(*verdicts[900:], first=900)]
        ParquetArchive("filled", "team", client).write(ranges)
        yield aws.endpoint


@pytest.fixture(autouse=True)
def environment(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    save_bundle(rarity_bundle(), tmp_path / "bundle")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RISKSTREAM_BUNDLE", "bundle")
    monkeypatch.setenv("RISKSTREAM_S3_ENDPOINT", endpoint)
    monkeypatch.setenv("RISKSTREAM_S3_BUCKET", "filled")
    monkeypatch.setenv("RISKSTREAM_S3_PREFIX", "team")
    return monkeypatch


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["--archive", *arguments], catch_exceptions=False)


def test_it_evaluates_the_archive_of_the_settings_with_labels_beside_it(tmp_path: Path) -> None:
    lines = "".join(f"{label.transaction_id},1\n" for label in labels())
    (tmp_path / "judged.csv").write_text(f"transaction_id,is_fraud\n{lines}")

    result = run("--labels", "judged.csv", "--json", "report.json")

    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "report.json").read_text())
    assert found["source"] | {"assessed": 1800, "archived": True, "name": "filled"} == found["source"]
    assert found["evaluation"]["trained"]["frauds"] == len(labels())
    assert "Backtest of filled" in (tmp_path / "backtest.html").read_text()


def test_without_labels_there_are_rates_only(tmp_path: Path) -> None:
    result = run()

    assert result.exit_code == 0, result.output
    assert "no labels" in result.stdout
    assert "There are no labels" in (tmp_path / "backtest.html").read_text()


def test_an_empty_archive_is_said(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("RISKSTREAM_S3_BUCKET", "empty")

    result = run()

    assert result.exit_code == 1
    assert "the archive holds no assessment" in result.stderr
    assert not (tmp_path / "backtest.html").exists()


def test_a_missing_bucket_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RISKSTREAM_S3_BUCKET", "missing")

    result = run()

    assert result.exit_code == 1
    assert "missing: the bucket does not exist" in result.stderr
