"""Single cells."""

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.sources.cells import CellError, cell_reader, is_absent, show_cell
from stream.sources.columns import FIELDS, Options

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "cell"),
    [
        (Options(), "2026-01-05T12:00:00Z"),
        (Options(), " 2026-01-05 13:00:00+01:00 "),
        (Options(timezone="UTC"), "2026-01-05 12:00"),
        (Options(timezone="Europe/Berlin"), "2026-01-05T13:00:00"),
        (Options(timezone="UTC", time_format="%d/%m/%Y %H:%M"), "05/01/2026 12:00"),
        (Options(time_format="epoch_s"), "1767614400"),
        (Options(time_format="epoch_ms"), 1767614400000),
        (Options(timezone="UTC"), datetime(2026, 1, 5, 12)),  # as Parquet gives it
    ],
)
def test_times_are_read_in_many_spellings(options: Options, cell: object) -> None:
    assert cell_reader("event_time", options)(cell) == NOON


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("amount", "12.50", 12.5),
        ("amount", 7, 7.0),
        ("login_attempts", "3.0", 3),
        ("country", "us", "US"),
        ("account_id", 596, "596"),
        ("account_id", 596.0, "596"),
        ("account_id", "0596", "0596"),
        ("account_id", b"A1", "A1"),
        ("account_balance", "-3", -3.0),
        ("channel", " Online ", "Online"),
    ],
)
def test_cells_become_values(field: str, cell: object, value: object) -> None:
    read = cell_reader(field, Options())(cell)

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("field", "cell", "says"),
    [
        ("amount", "12,50", "write it as 1234.50"),
        ("amount", "1_000", "is not a number"),
        ("amount", "-1", "is negative"),
        ("amount", "nan", "is not a finite number"),
        ("amount", "1e999", "is not a finite number"),
        ("amount", True, "is not a number"),
        ("customer_age", "17.5", "is not a whole number"),
        ("customer_age", "200", "does not lie between 0 and 150"),
        ("latitude", "91", "does not lie between -90 and 90"),
        ("currency", "dollars", "such as USD"),
        ("country", "Germany", "such as US"),
        ("account_id", "é" * 65, "is longer than 128 bytes"),
        ("location", "x" * 257, "is longer than 256 characters"),
        ("location", "Caf\udce9", "is not UTF-8"),
        ("event_time", "2026-01-05T12:00:00", 'set timezone = "UTC"'),
        ("event_time", "yesterday", "is not a time such as 2026-01-05T13:45:00Z"),
        ("event_time", "0001-01-01T00:00:00+14:00", "lies outside the years"),
    ],
)
def test_a_wrong_cell_is_told_what_would_be_right(field: str, cell: object, says: str) -> None:
    with pytest.raises(CellError) as caught:
        cell_reader(field, Options())(cell)

    assert says in str(caught.value)


def test_a_time_that_misses_its_format_names_the_format() -> None:
    read = cell_reader("event_time", Options(time_format="%d/%m/%Y"))

    with pytest.raises(CellError, match="does not fit time_format = '%d/%m/%Y'"):
        read("2026-01-05")


def test_epoch_times_out_of_range_are_refused() -> None:
    with pytest.raises(CellError, match="lies outside the years"):
        cell_reader("event_time", Options(time_format="epoch_s"))("1e15")


def test_a_date_alone_is_its_midnight() -> None:
    assert cell_reader("event_time", Options(timezone="UTC"))(date(2026, 1, 5)) == NOON.replace(hour=0)


CELLS: st.SearchStrategy[Any] = (
    st.text(max_size=300) | st.floats() | st.integers() | st.booleans() | st.datetimes() | st.binary(max_size=200)
)


@given(field=st.sampled_from(FIELDS), cell=CELLS)
@settings(max_examples=100)
def test_no_cell_raises_anything_but_a_cell_error(field: str, cell: object) -> None:
    show_cell(field, cell)
    if is_absent(cell):
        return
    with suppress(CellError):
        cell_reader(field, Options())(cell)


@pytest.mark.parametrize(
    ("field", "cell", "shown"),
    [
        ("account_id", "AC00420042", "…0042"),
        ("ip_address", "73.1.2.234", "….234"),
        ("amount", "4111 1111 1111 1234", "…1234"),
        ("amount", "12,50", "12,50"),
        ("event_time", "2026-01-05 10:00", "2026-01-05 10:00"),
        ("location", "x" * 50, "x" * 40 + "…"),
        ("channel", "red\x1b[31m", "red\\x1b[31m"),
    ],
)
def test_what_is_shown_hides_identifiers_and_control_characters(field: str, cell: str, shown: str) -> None:
    assert show_cell(field, cell) == shown
