"""Facts about the archive's columns."""

from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.assessment import Assessment, Readings
from sinks.columns import SCHEMA_VERSION
from sinks.schema import SCHEMA, by_event_date, columnise
from tests.unit.sinks.assessments import EVENT_TIME, assessment

SPLIT = {"scores", "tails"}


def test_every_field_of_an_assessment_has_a_column() -> None:
    """So that a field added to the assessment cannot be forgotten here."""
    assert {*Assessment.__struct_fields__} - SPLIT <= {*SCHEMA.names}


def test_the_schema_version_is_in_the_metadata() -> None:
    assert columnise([], 0, []).schema.metadata == {b"schema_version": SCHEMA_VERSION.encode()}


def test_a_row_holds_what_the_assessment_says() -> None:
    given_ = assessment(1)

    row = columnise([given_], 5, [77]).to_pylist()[0]

    plain = {*Assessment.__struct_fields__} - SPLIT - {"reasons", "features", "degraded", "approximate"}
    assert {name: row[name] for name in plain} == {name: getattr(given_, name) for name in plain}
    assert [row[f"{name}_score"] for name in Readings.__struct_fields__] == [6.5, 3.25, 0.625, None]
    assert [row[f"{name}_tail"] for name in Readings.__struct_fields__] == [0.001, 0.02, 0.004, None]
    assert row["reason_codes"] == ["AMOUNT_ABOVE_ACCOUNT_NORM", "NEW_DEVICE"]
    assert row["reasons"][1] == {
        "code": "NEW_DEVICE",
        "contribution": 1.5,
        "text": "first payment from this device",
    }
    assert row["features"] == [1.5, None, -0.25]
    assert row["degraded"] == ["geo"]
    (split,) = row["approximate"]
    assert (split["detector"], [each["share"] for each in split["features"]]) == ("isolation_forest", [0.75, 0.25])
    assert (row["source_partition"], row["source_offset"]) == (5, 77)


def test_lists_keep_to_their_rows() -> None:
    rows = [assessment(1, reasons=(), features=(), degraded=()), assessment(2), assessment(3, reasons=())]

    table = columnise(rows, 0, [0, 1, 2])

    assert table["reason_codes"].to_pylist() == [[], ["AMOUNT_ABOVE_ACCOUNT_NORM", "NEW_DEVICE"], []]
    assert table["features"].to_pylist() == [[], [1.5, None, -0.25], [1.5, None, -0.25]]


def test_event_times_are_stored_in_utc() -> None:
    local = datetime(2026, 3, 15, 1, 30, tzinfo=timezone(timedelta(hours=2)))

    table = columnise([assessment(event_time=local)], 0, [0])

    assert table["event_time"].to_pylist() == [local.astimezone(UTC)]
    assert [day for day, _ in by_event_date(table)] == [date(2026, 3, 14)]


@pytest.mark.parametrize("moment", [datetime.min, datetime(1969, 12, 31, 23, 59, 59, 999_999), datetime.max])
def test_any_date_can_be_archived(moment: datetime) -> None:
    table = columnise([assessment(event_time=moment.replace(tzinfo=UTC))], 0, [0])

    assert [day for day, _ in by_event_date(table)] == [moment.date()]


def test_no_rows_have_no_date() -> None:
    assert by_event_date(columnise([], 0, [])) == []


@given(st.lists(st.integers(min_value=-3, max_value=3), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_dates_ascend_and_rows_keep_their_order(days: list[int]) -> None:
    rows = [assessment(number, event_time=EVENT_TIME + timedelta(days=day)) for number, day in enumerate(days)]

    split = by_event_date(columnise(rows, 0, range(len(rows))))

    assert [day for day, _ in split] == sorted({(EVENT_TIME + timedelta(days=day)).date() for day in days})
    for day, table in split:
        expected = [row.assessment_id for row in rows if row.event_time.date() == day]
        assert table["assessment_id"].to_pylist() == expected
    assert pa.concat_tables(table for _, table in split).num_rows == len(rows)
