import csv
import io
from pathlib import Path

import pytest

from dashboard.errors import RequestError
from dashboard.history.answer import Answer
from dashboard.history.tables import TABLES, file_name, require_table, to_csv
from tests.unit.dashboard.history.archives import archive_of, label, payment, risky
from tests.unit.dashboard.history.test_asking import answer

FORMULA = '=HYPERLINK("http://example.org";"open me")'


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    rows = [payment(1, channel=FORMULA), payment(2, channel='a "quoted", Kanal\nZürich'), risky(3, amount=1.5)]
    labels = [label(rows[2], "confirmed_fraud")]
    return answer(archive_of(tmp_path_factory.mktemp("archive"), *rows), labels=labels)


def rows_of(found: Answer, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(found, table).decode(), newline="")))


@pytest.mark.parametrize("table", TABLES)
def test_every_row_of_every_table_says_of_which_days_it_is(found: Answer, table: str) -> None:
    rows = rows_of(found, table)
    assert rows
    assert {(row["range_start"], row["range_end"], row["backfill"]) for row in rows} == {
        ("2026-03-14", "2026-03-14", "0")
    }


def test_downloads_hold_the_figures_of_the_answer(found: Answer) -> None:
    hours = rows_of(found, "by_hour")
    assert len(hours) == 24
    assert (hours[9]["hour"], hours[9]["payments"], hours[9]["alerts"]) == ("2026-03-14T09:00:00Z", "3", "1")
    assert [row["amount"] for row in rows_of(found, "value_at_risk")] == ["1.5"]
    figures = {row["figure"]: row for row in rows_of(found, "figures")}
    assert figures["payments"]["value"] == "3"
    assert figures["precision_at_alert_budget"]["value"] == "1.0"
    assert figures["recall_from_chargebacks"]["value"] == ""


def test_cells_of_text_are_never_formulas(found: Answer) -> None:
    values = [row["value"] for row in rows_of(found, "by_channel")]
    assert f"'{FORMULA}" in values
    assert FORMULA not in values


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_sign_that_starts_a_formula_stands_first(tmp_path: Path, start: str) -> None:
    found = answer(archive_of(tmp_path, payment(1, channel=f"{start}1")))
    assert rows_of(found, "by_channel")[0]["value"] == f"'{start}1"


def test_lines_and_quotes_are_those_of_rfc_4180(found: Answer) -> None:
    text = to_csv(found, "by_channel").decode()
    assert text.startswith("value,others,payments,risky,alerts,range_start,range_end,backfill\r\n")
    assert '"a ""quoted"", Kanal\nZürich",0,1,0,0,' in text


def test_a_download_is_named_by_table_and_days(found: Answer) -> None:
    assert file_name(found, "by_hour") == "riskstream-by_hour-2026-03-14-2026-03-14.csv"


@pytest.mark.parametrize("name", [None, "", "assessments", "by_hour; DROP TABLE held"])
def test_an_unknown_table_is_refused_with_those_that_exist(name: str | None) -> None:
    with pytest.raises(RequestError, match="by_hour") as refused:
        require_table(name)
    assert refused.value.field == "table"
