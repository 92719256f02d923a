"""The views answer what they promise, on an archive that holds duplicates and objects of an older schema."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from detectors.assessment import Assessment
from scripts.query import run_query
from sinks.archive import open_local_archive, parquet_bytes, read_dataset
from sinks.schema import SCHEMA, by_event_date, columnise
from sinks.tables.views import VIEWS, View
from tests.unit.sinks.assessments import EVENT_TIME, assessment

HOUR = timedelta(hours=1)
NINE = datetime(2026, 3, 14, 9, tzinfo=UTC)
OLDER = pa.schema(
    [
        *((name, SCHEMA.field(name).type) for name in ("assessment_id", "transaction_id", "account_id")),
        *((name, SCHEMA.field(name).type) for name in ("event_time", "amount", "country")),
        *((name, SCHEMA.field(name).type) for name in ("fraud_risk_score", "risk_level", "alert", "reasons")),
        ("model", pa.string()),
        *((name, SCHEMA.field(name).type) for name in ("source_offset", "source_partition")),
    ],
    metadata={"schema_version": "0"},
)
"""An older schema: many columns are missing, one is there that went, and their order is another."""

RECENT = [
    assessment(1, fraud_risk_score=12.0, risk_level="low", alert="none"),
    assessment(2, fraud_risk_score=99.0, country=None, ip_country="DE"),
    assessment(3, fraud_risk_score=100.0, risk_level="critical", alert="escalation", amount=1000.0),
    assessment(4, fraud_risk_score=95.0, alert="folded", currency=None, amount=0.5),
    assessment(5, fraud_risk_score=97.5, risk_level="critical", currency="USD", event_time=EVENT_TIME + HOUR),
    assessment(6, fraud_risk_score=4.99, risk_level="low", alert="none", event_time=EVENT_TIME + 24 * HOUR),
]
OLD = [
    assessment(101, event_time=EVENT_TIME - 24 * HOUR, amount=7.0),
    assessment(102, fraud_risk_score=50.0, risk_level="medium", alert="none"),
]


def write(folder: Path, name: str, table: pa.Table) -> None:
    for day, rows in by_event_date(table):
        path = folder / "assessments" / f"date={day}" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(parquet_bytes(rows))


def as_older(assessments: list[Assessment], first: int) -> pa.Table:
    """Return what a version of the product with the older schema would have written."""
    table = columnise(assessments, 0, range(first, first + len(assessments)))
    table = table.append_column("model", pa.array(["forest-7"] * len(assessments)))
    return table.select(OLDER.names).cast(OLDER)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("archive")
    write(made, "recent", columnise(RECENT, 3, range(10, 16)))
    write(made, "overlap", columnise(RECENT[2:5], 3, range(30, 33)))
    write(made, "old", as_older(OLD, 0))
    return made


@pytest.fixture(scope="module")
def archive(folder: Path) -> Any:
    return open_local_archive(folder)


def rows_of(archive: Any, sql: str) -> list[tuple[Any, ...]]:
    return run_query(archive, sql)[1]


class TestViews:
    @pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
    def test_columns_and_types_are_those_described(self, archive: Any, view: View) -> None:
        described = rows_of(archive, f"SELECT column_name, column_type FROM (DESCRIBE {view.name})")

        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            empty = pa.schema([(each.name, each.type) for each in view.columns]).empty_table()
            expected = connection.from_arrow(empty)
            wanted = list(zip(expected.columns, map(str, expected.types), strict=True))
        assert described == wanted

    def test_alerts_per_hour(self, archive: Any) -> None:
        day = date(2026, 3, 14)

        assert rows_of(archive, "SELECT * FROM alerts_per_hour ORDER BY hour") == [
            (date(2026, 3, 13), NINE - 24 * HOUR, 1, 1, 0, 0, 1),
            (day, NINE, 2, 1, 1, 1, 2),
            (day, NINE + HOUR, 1, 1, 0, 1, 1),
        ]

    def test_score_distribution(self, archive: Any) -> None:
        sql = "SELECT score_kind, score_from, score_to, payments, alerts FROM score_distribution"
        found = rows_of(archive, f"{sql} WHERE date = '2026-03-14' ORDER BY score_kind, score_from")

        assert found == [
            ("rarity", 10.0, 15.0, 1, 0),
            ("rarity", 95.0, 100.0, 4, 3),
            (None, 50.0, 55.0, 1, 0),
        ]
        assert rows_of(archive, "SELECT sum(payments) FROM score_distribution") == [(8,)]

    def test_value_at_risk_adds_up_one_currency_at_a_time(self, archive: Any) -> None:
        sql = "SELECT hour, currency, payments, accounts, amount, largest_amount FROM value_at_risk"

        assert rows_of(archive, f"{sql} WHERE date = '2026-03-14' ORDER BY hour, currency") == [
            (NINE, "EUR", 2, 2, 1412.5, 1000.0),
            (NINE, None, 1, 1, 0.5, 0.5),
            (NINE + HOUR, "USD", 1, 1, 412.5, 412.5),
        ]

    def test_by_country(self, archive: Any) -> None:
        sql = "SELECT country, payments, risky_payments, alerts, accounts FROM by_country"

        assert rows_of(archive, f"{sql} WHERE date = '2026-03-14' ORDER BY country") == [
            ("CH", 5, 3, 2, 4),
            ("DE", 1, 1, 1, 1),
        ]

    @pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
    def test_a_condition_on_date_reaches_the_scan(self, archive: Any, view: View) -> None:
        plan = rows_of(archive, f"EXPLAIN SELECT * FROM {view.name} WHERE date = '2026-03-13'")[0][1]

        assert "2026-03-13" in plan.split("WINDOW")[-1]


class TestOlderSchema:
    def test_the_objects_are_of_both(self, folder: Path) -> None:
        versions = {pq.read_schema(path).metadata[b"schema_version"] for path in folder.rglob("*.parquet")}

        assert versions == {b"0", b"1"}

    def test_arrow_reads_null_for_what_is_missing(self, archive: Any) -> None:
        table = read_dataset(archive)
        old = table.filter(pc.is_in(table["assessment_id"], pa.array([each.assessment_id for each in OLD])))

        assert table.num_rows == len(RECENT) + len(OLD)
        assert old["amount"].to_pylist() == [7.0, 412.5]
        assert [each["code"] for each in old["reasons"][0].as_py()] == ["AMOUNT_ABOVE_ACCOUNT_NORM", "NEW_DEVICE"]
        for name in set(SCHEMA.names) - set(OLDER.names):
            assert old[name].null_count == len(OLD), name
        assert "model" not in table.column_names

    def test_duckdb_does_too(self, archive: Any) -> None:
        sql = (
            "SELECT amount, merchant_id, reason_codes, late, zscore_tail FROM assessments WHERE source_offset < 2"
        )

        assert sorted(rows_of(archive, sql)) == [(7.0, *[None] * 4), (412.5, *[None] * 4)]


def test_duckdb_and_arrow_read_the_same(archive: Any) -> None:
    table = read_dataset(archive)

    names, rows = run_query(archive, "SELECT * FROM assessments ORDER BY source_partition, source_offset")

    assert names == table.column_names
    assert [dict(zip(names, row, strict=True)) for row in rows] == table.to_pylist()
