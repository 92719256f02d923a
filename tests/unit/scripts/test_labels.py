"""`riskstream labels make`, and what its options say; `send` is tried on a broker in tests/embedded."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from scripts.durations import LONGEST_DELAY, read_delay, read_moment
from scripts.labels import labels
from stream.sources.labels import DEFAULT_DELAY, read_labels

HEADER = "transaction_id,account_id,merchant_id,event_time,amount,is_fraud"
ROWS = [f"t{number},a{number},m1,2026-01-0{number}T10:00:00Z,3,{number % 2}" for number in range(1, 6)]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(labels, ["make", *(str(each) for each in arguments)])


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.csv"
    path.write_text("\n".join([HEADER, *ROWS]))
    return path


def test_the_labels_of_a_history_are_written_in_full(history: Path, tmp_path: Path) -> None:
    result = run(history, "--output", tmp_path / "labels.csv", "--delay", "36h")

    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'labels.csv'}: 3 labels\n")
    lines = (tmp_path / "labels.csv").read_text().splitlines()
    assert lines[:2] == [
        "transaction_id,account_id,merchant_id,event_time,disposition,source,observed_at",
        "t1,a1,m1,2026-01-01T10:00:00Z,confirmed_fraud,chargeback,2026-01-02T22:00:00Z",
    ]
    assert read_labels(tmp_path / "labels.csv").labels == read_labels(history, delay=timedelta(hours=36)).labels


def test_until_leaves_out_what_was_observed_later_and_says_so(history: Path, tmp_path: Path) -> None:
    result = run(history, "--output", tmp_path / "labels.csv", "--until", "2026-01-10T12:00:00+02:00")

    assert "1 labels left out, observed after 2026-01-10 12:00:00+02:00" in result.stderr
    assert [label.transaction_id for label in read_labels(tmp_path / "labels.csv").labels] == ["t1", "t3"]


def test_payments_and_source_complete_a_file_of_transactions(history: Path, tmp_path: Path) -> None:
    judged = tmp_path / "judged.csv"
    judged.write_text("transaction_id,is_fraud\nt2,1\nt9,1\n")

    result = run(judged, "--payments", history, "--source", "random_review", "--output", tmp_path / "labels.csv")

    assert "malformed: judged.csv, line 3: transaction_id" in result.stderr
    assert "1 malformed rows left out" in result.stderr
    (label,) = read_labels(tmp_path / "labels.csv").labels
    assert (label.account_id, label.source) == ("a2", "random_review")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("transaction_id,is_fraud\nt1,1", "judged.csv names transactions only: give the file of their payments"),
        (HEADER, "judged.csv holds no label that can be read"),
        ("", "judged.csv is empty"),
    ],
)
def test_a_file_without_labels_is_an_error(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "judged.csv").write_text(content)

    result = run(tmp_path / "judged.csv", "--output", tmp_path / "labels.csv")

    assert result.exit_code == 1
    assert says in result.stderr
    assert not (tmp_path / "labels.csv").exists()


def test_a_place_that_cannot_be_written_is_an_error(history: Path, tmp_path: Path) -> None:
    assert run(history, "--output", tmp_path / "nowhere" / "labels.csv").exit_code == 1


@pytest.mark.parametrize(
    "wrong", [["--delay", "soon"], ["--delay", "3651d"], ["--delay", "-1d"], ["--until", "x"], ["--source", "me"]]
)
def test_nonsense_is_wrong_usage(history: Path, tmp_path: Path, wrong: list[str]) -> None:
    assert run(history, "--output", tmp_path / "labels.csv", *wrong).exit_code == 2


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("7d", DEFAULT_DELAY),
        ("0s", timedelta(0)),
        ("1.5h", timedelta(minutes=90)),
        ("90m", timedelta(minutes=90)),
        ("3650d", LONGEST_DELAY),
    ],
)
def test_a_delay_has_a_unit(text: str, delay: timedelta) -> None:
    assert read_delay(text) == delay


def test_a_moment_is_utc_unless_it_says_otherwise() -> None:
    assert read_moment("2026-02-01") == datetime(2026, 2, 1, tzinfo=UTC)
    assert read_moment("2026-02-01T00:00:00+01:00") == datetime(2026, 1, 31, 23, tzinfo=UTC)
    with pytest.raises(typer.BadParameter, match="is no time such as"):
        read_moment("yesterday")
