import csv
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from scripts.train import train
from sinks.bundles import load_bundle
from tests.unit.detectors.histories import history, labels

FIELDS = ("transaction_id", "account_id", "merchant_id", "event_time", "amount", "login_attempts", "duration_s")


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(train)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def payments_file(path: Path, rows: int) -> Path:
    with path.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(FIELDS)
        for tx in history()[:rows]:
            values = (getattr(tx, name) for name in FIELDS)
            writer.writerow(
                [
                    value.isoformat() if name == "event_time" else value
                    for name, value in zip(FIELDS, values, strict=True)
                ]
            )
    return path


@pytest.fixture
def payments(tmp_path: Path) -> Path:
    return payments_file(tmp_path / "payments.csv", 300)


def test_without_labels_it_learns_a_rarity_and_says_so(payments: Path, tmp_path: Path) -> None:
    result = run(payments, "--output", tmp_path / "bundle")
    assert result.exit_code == 0, result.output
    assert "300 payments read, no labels" in result.output
    assert "score: rarity. There are no labels" in result.output
    assert "weakly labelled" in result.output
    assert "provisional" in result.output
    assert load_bundle(tmp_path / "bundle").version in result.output


def test_labels_may_come_from_a_file_of_their_own(tmp_path: Path) -> None:
    payments = payments_file(tmp_path / "payments.csv", 1800)
    judged = tmp_path / "labels.csv"
    rows = "".join(f"{label.transaction_id},1\n" for label in labels())
    judged.write_text(f"transaction_id,is_fraud\n{rows}T0,0\nx,\n")
    result = run(payments, "--labels", judged, "--output", tmp_path / "bundle")
    assert result.exit_code == 0, result.output
    assert "score: probability." in result.output
    assert load_bundle(tmp_path / "bundle").manifest.label_source == "labels.csv"


def test_the_label_delay_goes_into_the_bundle_in_whole_hours(payments: Path, tmp_path: Path) -> None:
    assert run(payments, "--label-delay", "90m", "--output", tmp_path / "bundle").exit_code == 0
    assert load_bundle(tmp_path / "bundle").manifest.timing.delay_hours == 2
    assert run(payments, "--label-delay", "soon", "--output", tmp_path / "other").exit_code == 2


def test_a_label_file_without_its_columns_is_refused(payments: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("id,fraud\n1,1\n")
    result = run(payments, "--labels", wrong, "--output", tmp_path / "bundle")
    assert result.exit_code == 1
    assert "wrong.csv needs the columns transaction_id and is_fraud" in result.output


def test_too_little_history_fails_with_what_would_be_right(tmp_path: Path) -> None:
    result = run(payments_file(tmp_path / "few.csv", 50), "--output", tmp_path / "bundle")
    assert result.exit_code == 1
    assert "at least 100 must be left" in result.output
    assert not (tmp_path / "bundle").exists()


def test_a_file_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    assert run(tmp_path / "nowhere.csv").exit_code == 2
