"""What commands that publish say at the end, and the exit code that goes with it."""

import pytest
import typer

from scripts.delivery import SHOWN_MALFORMED, conclude, warn_of_malformed
from stream.publishing import DeliveryReport
from stream.sources.files import MalformedRow


def test_when_everything_arrived_the_counts_are_all_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    conclude(DeliveryReport(5, 5, 0, 2.0), "label")

    assert capsys.readouterr() == ("5 sent, 5 acknowledged, 0 failed in 2.0 s (2/s)\n", "")


@pytest.mark.parametrize(
    ("report", "exit_code", "says"),
    [
        (DeliveryReport(5, 3, 2, 1.0, "timed out"), 1, "error: not every label arrived: timed out\n"),
        (DeliveryReport(3, 3, 0, 1.0, interrupted=True), 130, ""),
        (DeliveryReport(3, 2, 1, 1.0, "timed out", interrupted=True), 130, ""),
    ],
)
def test_the_exit_code_tells_what_became_of_the_records(
    capsys: pytest.CaptureFixture[str], report: DeliveryReport, exit_code: int, says: str
) -> None:
    with pytest.raises(typer.Exit) as caught:
        conclude(report, "label")

    assert caught.value.exit_code == exit_code
    assert capsys.readouterr().err == says


def test_of_many_malformed_rows_the_first_are_named_and_all_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [MalformedRow("a.csv", line, "amount", "x", "is not a number") for line in range(2, 1_502)]

    warn_of_malformed(rows)
    warn_of_malformed([])

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == 'malformed: a.csv, line 2: amount "x" is not a number'
    assert lines[SHOWN_MALFORMED:] == ["1,500 malformed rows left out"]
