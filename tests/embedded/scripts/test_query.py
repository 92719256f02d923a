"""Facts about `riskstream query`."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from pyarrow.fs import LocalFileSystem
from typer.testing import CliRunner, Result

from scripts.query import query, run_query
from sinks.archive import ParquetArchive, archive_dataset, parquet_bytes
from sinks.errors import ArchiveError
from sinks.kinds import ASSESSMENT, Kind
from sinks.s3 import ensure_bucket, s3_client
from sinks.schema import by_event_date, columnise
from stream.embedded.aws import EmbeddedAws
from tests.unit.sinks.assessments import EVENT_TIME, assessment, flushed

ROWS = [
    assessment(1, fraud_risk_score=12.0, alert="none", event_time=EVENT_TIME - timedelta(days=1)),
    assessment(2, fraud_risk_score=99.0, alert="new"),
    assessment(3, fraud_risk_score=99.5, alert="escalation", event_time=EVENT_TIME + timedelta(hours=1)),
]

app = typer.Typer(add_completion=False)
app.command()(query)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """`ROWS`, each of them twice, as after a crash."""
    folder = tmp_path_factory.mktemp("archive")
    write(folder, "first", 0)
    write(folder, "again", 100)
    return archive_dataset(str(folder), LocalFileSystem())


def write(folder: Path, name: str, first: int) -> None:
    for day, table in by_event_date(columnise(ROWS, 3, range(first, first + len(ROWS)))):
        path = folder / f"date={day}" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(parquet_bytes(table))


class TestSql:
    def test_an_assessment_counts_once(self, archive: Any) -> None:
        assert run_query(archive, "SELECT count(*), min(source_offset) FROM assessments")[1] == [(3, 0)]
        assert run_query(archive, "SELECT count(*) FROM assessments_raw")[1] == [(6,)]

    def test_the_first_by_offset_stays(self, archive: Any) -> None:
        _, rows = run_query(archive, "SELECT source_offset FROM assessments ORDER BY ALL")

        assert rows == [(0,), (1,), (2,)]

    def test_a_condition_on_date_limits_what_is_read(self, archive: Any) -> None:
        """The filter has to reach the scan below the window function that removes duplicates."""
        _, rows = run_query(archive, "EXPLAIN SELECT assessment_id FROM assessments WHERE date = '2026-03-13'")

        scan = rows[0][1].split("WINDOW" if "WINDOW" in rows[0][1] else "Window")[1]
        assert "2026-03-13" in scan

    def test_hours_are_those_of_utc(self, archive: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        sql = "SELECT date_trunc('day', event_time) AS day, count(*) FROM assessments GROUP BY day ORDER BY day"

        days = [(f"{day:%Y-%m-%d %H:%M %Z}", count) for day, count in run_query(archive, sql)[1]]

        assert days == [("2026-03-13 00:00 UTC", 1), ("2026-03-14 00:00 UTC", 2)]

    def test_reasons_can_be_counted(self, archive: Any) -> None:
        sql = "SELECT unnest(reason_codes) AS reason, count(*) FROM assessments GROUP BY reason ORDER BY reason"

        assert run_query(archive, sql)[1] == [("AMOUNT_ABOVE_ACCOUNT_NORM", 3), ("NEW_DEVICE", 3)]

    @pytest.mark.parametrize(
        "sql", ["SELEC 1", "SELECT nothing FROM assessments", "SELECT * FROM archive", "SELECT 1/'x'"]
    )
    def test_a_wrong_query_is_named(self, archive: Any, sql: str) -> None:
        with pytest.raises(ArchiveError, match=r"the query failed: .*Error"):
            run_query(archive, sql)

    def test_nothing_is_downloaded(self, archive: Any) -> None:
        with pytest.raises(ArchiveError, match="httpfs"):
            run_query(archive, "SELECT * FROM 's3://elsewhere/x.parquet'")

    def test_no_statement_is_no_result(self, archive: Any) -> None:
        assert run_query(archive, "-- nothing") == ([], [])


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with EmbeddedAws("empty") as aws:
        client = s3_client(aws.endpoint)
        ensure_bucket(client, "filled")
        ParquetArchive("filled", "team", client).write([flushed(*ROWS), flushed(*ROWS[1:], first=1)])
        yield aws.endpoint


@pytest.fixture
def environment(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("RISKSTREAM_S3_ENDPOINT", endpoint)
    monkeypatch.setenv("RISKSTREAM_S3_BUCKET", "filled")
    monkeypatch.setenv("RISKSTREAM_S3_PREFIX", "team")
    return monkeypatch


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


@pytest.mark.usefixtures("environment")
class TestCommand:
    def test_it_reads_the_archive_of_the_settings(self) -> None:
        result = run("SELECT transaction_id AS id, fraud_risk_score AS score FROM assessments ORDER BY id")

        assert result.exit_code == 0
        assert [line.split() for line in result.stdout.splitlines()] == [
            ["id", "score"],
            ["TX000001", "12.0"],
            ["TX000002", "99.0"],
            ["TX000003", "99.5"],
        ]

    def test_a_missing_bucket_is_named(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("RISKSTREAM_S3_BUCKET", "missing")

        result = run("SELECT 1")

        assert result.exit_code == 1
        assert "missing: the bucket does not exist" in result.stderr

    def test_an_empty_archive_says_so(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("RISKSTREAM_S3_BUCKET", "empty")

        result = run("SELECT count(*) AS n FROM assessments", "--json")

        assert (result.exit_code, result.stdout) == (0, '{"n":0}\n')
        assert "is still empty" in result.stderr

    def test_json_and_csv_exclude_each_other(self) -> None:
        assert run("SELECT 1", "--json", "--csv").exit_code == 2


@pytest.fixture
def from_local_archive(archive: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_settings: object, kind: Kind) -> Any:
        return archive if kind is ASSESSMENT else archive_dataset("/nowhere", LocalFileSystem(), kind)

    monkeypatch.setattr("scripts.query.open_archive", lambda *given: opened(*given[:-1], kind=given[-1]))


@pytest.mark.usefixtures("from_local_archive")
class TestOutput:
    ALL = "SELECT * FROM assessments WHERE transaction_id = 'TX000002'"
    VALUES = (
        "SELECT NULL AS n, TRUE AS b, 1::HUGEINT AS h, 2.50::DECIMAL(6, 2) AS d, 'nan'::DOUBLE AS f,"
        " [1, NULL] AS l, DATE '2026-03-14' AS day, TIMESTAMPTZ '2026-03-14 09:00:00Z' AS t,"
        " INTERVAL 2 DAY AS i, 'a,\"b' AS s"
    )

    def test_a_wrong_query_is_no_traceback(self) -> None:
        result = run("SELECT nothing FROM assessments")

        assert result.exit_code == 1
        assert result.stderr.startswith("error: the query failed: Binder Error")

    def test_json_is_an_object_a_line(self) -> None:
        (line,) = run(self.ALL, "--json").stdout.splitlines()

        row = json.loads(line)
        assert row["event_time"] == "2026-03-14T09:26:53.589000Z"
        assert row["date"] == "2026-03-14"
        assert row["reasons"][1]["code"] == "NEW_DEVICE"
        assert row["features"] == [1.5, None, -0.25]

    def test_every_kind_of_value_has_its_json(self) -> None:
        row = json.loads(run(self.VALUES, "--json").stdout)

        assert row == {
            "n": None,
            "b": True,
            "h": 1,
            "d": 2.5,
            "f": None,
            "l": [1, None],
            "day": "2026-03-14",
            "t": "2026-03-14T09:00:00Z",
            "i": [0, 2, 0],
            "s": 'a,"b',
        }

    def test_csv_has_a_header_and_empty_nulls(self) -> None:
        assert run(self.VALUES, "--csv").stdout.splitlines() == [
            "n,b,h,d,f,l,day,t,i,s",
            ',true,1,2.50,nan,"[1,null]",2026-03-14,2026-03-14T09:00:00Z,"[0,2,0]","a,""b"',
        ]

    def test_rows_with_many_columns_are_printed_as_blocks(self) -> None:
        lines = run(self.ALL).stdout.splitlines()

        assert lines[0].split() == ["assessment_id", "a0000002"]
        assert len([line for line in lines if line]) == 44

    def test_long_results_are_cut_on_the_terminal_only(self) -> None:
        sql = "SELECT range AS number FROM range(1500)"

        table, full = run(sql), run(sql, "--csv")

        assert len(table.stdout.splitlines()) == 1001
        assert "the first 1,000 of 1,500 rows" in table.stderr
        assert len(full.stdout.splitlines()) == 1501

    @pytest.mark.parametrize("columns", [1, 20])
    def test_no_value_can_drive_the_terminal(self, columns: int) -> None:
        values = ", ".join(f"chr(27) || '[31m' AS c{index}" for index in range(columns))

        assert "\x1b" not in run(f"SELECT {values}").stdout

    def test_square_brackets_are_no_markup(self) -> None:
        assert "[bold]x[/bold]" in run("SELECT '[bold]x[/bold]' AS x").stdout
