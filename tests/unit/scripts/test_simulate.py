"""`riskstream simulate`."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scripts.simulate import simulate
from stream.simulation.writing import HEADER
from stream.sources.files import read_transactions

APP = typer.Typer()
APP.command()(simulate)
SMALL = ["--accounts", "20", "--days", "10"]


def test_it_writes_a_labelled_file_and_says_what_is_in_it(tmp_path: Path) -> None:
    output = tmp_path / "traffic.csv"

    result = CliRunner().invoke(
        APP, ["--output", str(output), *SMALL, "--start", "2025-06-01", "--fraud-rate", "0.01"]
    )

    assert result.exit_code == 0
    contents = read_transactions(output, strict=True)
    assert contents.labels is not None
    frauds = sum(contents.labels.values())
    assert f"{len(contents.transactions):,} payments, {frauds} of them fraud" in result.stdout
    assert f"{contents.transactions[0].event_time:%Y-%m-%d}" == "2025-06-01"
    assert output.read_text().splitlines()[0] == ",".join(HEADER)


def test_the_same_options_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        CliRunner().invoke(APP, ["--output", str(tmp_path / name), *SMALL])
    CliRunner().invoke(APP, ["--output", str(tmp_path / "c.csv"), *SMALL, "--seed", "8"])

    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() != (tmp_path / "c.csv").read_bytes()


def test_help_tells_the_rates_and_the_truth() -> None:
    text = CliRunner().invoke(APP, ["--help"]).stdout

    for word in ("is_fraud", "card_testing", "25 %", "forgotten passwords", "Example: riskstream simulate"):
        assert word in text


@pytest.mark.parametrize(
    "wrong",
    [["--fraud-rate", "0.02"], ["--days", "0"], ["--accounts", "0"], ["--start", "spring"], ["--seed", "-1"]],
)
def test_nonsense_is_wrong_usage(tmp_path: Path, wrong: list[str]) -> None:
    assert CliRunner().invoke(APP, ["--output", str(tmp_path / "x.csv"), *wrong]).exit_code == 2


def test_a_missing_directory_is_an_error_before_any_work(tmp_path: Path) -> None:
    result = CliRunner().invoke(APP, ["--output", str(tmp_path / "none" / "x.csv"), *SMALL])

    assert result.exit_code == 1
    assert "none does not exist; create it first" in result.stderr
