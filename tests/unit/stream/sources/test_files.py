"""Whole files: what is read, and what is said of rows and files that cannot be."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stream.sources.columns import ColumnMap, LabelColumns, Options, builtin_columns
from stream.sources.files import HeaderError, MalformedRowError, detect_columns, read_transactions
from stream.sources.tables import FileError
from tests.unit.stream.sources.conftest import GOOD, HEADER

Write = Callable[..., Path]


def test_rows_come_in_the_order_of_the_file(write: Write) -> None:
    earlier = "t2,a2,m2,2026-01-04T10:00:00Z,3"

    contents = read_transactions(write(HEADER, GOOD, earlier))

    assert [each.transaction_id for each in contents.transactions] == ["t1", "t2"]
    assert contents.transactions[0].event_time == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert contents.transactions[0].amount == 12.5
    assert contents.malformed == []
    assert contents.labels is None
    assert contents.patterns is None


def test_labels_and_patterns_are_kept_apart_from_the_payments(write: Write) -> None:
    path = write(
        HEADER + ",is_fraud,fraud_pattern",
        GOOD + ",1,card_testing",
        GOOD.replace("t1", "t2") + ",0,",
        GOOD.replace("t1", "t3") + ",,",
    )

    contents = read_transactions(path)

    assert contents.labels == {"t1": True, "t2": False}
    assert contents.patterns == {"t1": "card_testing"}


def test_an_empty_optional_cell_is_absent(write: Write) -> None:
    contents = read_transactions(write(HEADER + ",channel,customer_age", GOOD + ",,"))

    assert contents.transactions[0].channel is None
    assert contents.transactions[0].customer_age is None


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("t2,a2,m2,2026-01-05T10:00:00Z", "payments.csv, line 3: has 4 cells, the header has 5"),
        (GOOD.replace("12.50", "12,50"), "payments.csv, line 3: has 6 cells, the header has 5"),
        (GOOD.replace("12.50", "x"), 'payments.csv, line 3: amount "x" is not a number'),
        (GOOD.replace("12.50", "-5"), 'payments.csv, line 3: amount "-5" is negative'),
        (GOOD.replace("12.50", "NaN"), 'payments.csv, line 3: amount "NaN" is not a finite number'),
        (GOOD.replace("a1", ""), "payments.csv, line 3: account_id is empty, and required"),
        (GOOD.replace("a1", "4" * 130), 'payments.csv, line 3: account_id "…4444" is longer than 128 bytes'),
        (
            GOOD.replace("Z", ""),
            'line 3: event_time "2026-01-05T10:00:00" names no time zone; set timezone = "UTC"',
        ),
        (GOOD.encode().replace(b"m1", b"m\xff"), 'payments.csv, line 3: merchant_id "…\\udcff" is not UTF-8'),
    ],
)
def test_a_malformed_row_is_named_and_the_others_are_read(write: Write, row: str | bytes, says: str) -> None:
    contents = read_transactions(write(HEADER, GOOD, row, GOOD.replace("t1", "t9")))

    assert [each.transaction_id for each in contents.transactions] == ["t1", "t9"]
    assert len(contents.malformed) == 1
    assert says in str(contents.malformed[0])


def test_strict_stops_at_the_first_malformed_row(write: Write) -> None:
    path = write(HEADER, GOOD, "ragged", GOOD.replace("12.50", "x"))

    with pytest.raises(MalformedRowError, match="line 3: has 1 cells") as caught:
        read_transactions(path, strict=True)

    assert caught.value.row.line == 3


def test_labels_stay_with_their_rows_when_others_are_malformed(write: Write) -> None:
    path = write(HEADER + ",is_fraud", "t0,a,m,never,1,0", GOOD + ",1")

    assert read_transactions(path).labels == {"t1": True}


def test_lines_are_counted_as_an_editor_does(write: Write) -> None:
    """A quoted cell may hold a line break, and blank lines are no rows."""
    quoted = 't2,a2,m2,2026-01-05T10:00:00Z,1,"two\nlines"'
    path = write(HEADER + ",location", GOOD + ",x", "", quoted, "t3,a3,m3,2026-01-05T10:00:00Z,x,y")

    contents = read_transactions(path)

    assert [row.line for row in contents.malformed] == [6]
    assert contents.transactions[1].location == "two\nlines"


def test_a_quote_that_is_never_closed_is_a_malformed_row(write: Write) -> None:
    contents = read_transactions(write(HEADER, GOOD, 't2,a2,m2,"2026-01-05T10:00:00Z,1'))

    assert len(contents.transactions) == 1
    assert "look for a quote that is not closed" in str(contents.malformed[0])


def test_semicolons_and_a_byte_order_mark_are_understood(write: Write) -> None:
    path = write(b"\xef\xbb\xbf" + HEADER.replace(",", ";").encode(), GOOD.replace(",", ";"))

    assert len(read_transactions(path).transactions) == 1


def test_limit_ends_reading_early(write: Write) -> None:
    rows = [GOOD.replace("t1", f"t{number}") + ",1,x" for number in range(9)]

    contents = read_transactions(write(HEADER + ",is_fraud,fraud_pattern", *rows), limit=4)

    assert len(contents.transactions) == 4
    assert contents.labels is not None
    assert set(contents.labels) == {"t0", "t1", "t2", "t3"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; its first line must name the columns"),
        (b"\xef\xbb\xbf \n\n", "is empty"),
        (b"\xff\xfea\x00,\x00", "is UTF-16; save it as UTF-8"),
        (b"PK\x03\x04....", "is a zip archive or an Excel workbook"),
        (b"\x1f\x8b....", "is gzip-compressed"),
        (b"a,b\x00c", "is neither CSV nor Parquet"),
        (b"PAR1....", "is a damaged Parquet file"),
        (b'"a,b', "line 1: the header is not CSV"),
    ],
)
def test_a_file_that_is_no_table_is_refused(write: Write, content: bytes, says: str) -> None:
    with pytest.raises(FileError, match=r"payments\.csv") as caught:
        read_transactions(write(content))

    assert says in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none\.csv cannot be read: No such file"):
        read_transactions(tmp_path / "none.csv")


def test_a_wrong_header_says_what_is_missing_and_what_is_there(write: Write) -> None:
    with pytest.raises(HeaderError) as caught:
        read_transactions(write("colour,amount", "red,3"))

    message = str(caught.value)
    assert "no column found for account_id, merchant_id, event_time" in message
    assert "The file has the columns 'colour', 'amount'." in message
    assert 'account_id = "<column>"' in message


@pytest.mark.parametrize(
    ("header", "says"), [(HEADER, "which does not exist"), (HEADER + ",Sum,Sum", "which exists 2 times")]
)
def test_a_map_that_misses_the_file_is_refused(write: Write, header: str, says: str) -> None:
    columns = ColumnMap(columns={name: name for name in HEADER.split(",")} | {"account_balance": "Sum"})

    with pytest.raises(HeaderError, match=f"the column map names 'Sum', {says}"):
        read_transactions(write(header, GOOD), columns)


def test_a_header_alone_holds_no_payments(write: Write) -> None:
    assert read_transactions(write(HEADER)).transactions == []


def test_a_map_gives_zone_currency_labels_and_row_numbers(write: Write) -> None:
    path = write("who,where,when,sum,ok", "c1,s1,05.01.2026 11:00,3,no", "c2,s1,05.01.2026 12:00,4,yes")
    columns = ColumnMap(
        columns={"account_id": "who", "merchant_id": "where", "event_time": "when", "amount": "sum"},
        options=Options(timezone="Europe/Berlin", time_format="%d.%m.%Y %H:%M", currency="EUR", number_rows=True),
        labels=LabelColumns(column="ok", positive=("no",)),
    )

    contents = read_transactions(path, columns)

    first, second = contents.transactions
    assert first.event_time == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert first.currency == "EUR"
    assert first.transaction_id != second.transaction_id
    assert contents.labels == {first.transaction_id: True, second.transaction_id: False}
    again = read_transactions(path, columns)
    assert again.transactions == contents.transactions


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    table = pa.table(
        {
            "transaction_id": pa.array([0, 1, 2], pa.int32()),
            "event_time": pa.array([datetime(2018, 4, 1, hour) for hour in range(3)], pa.timestamp("ns")),
            "customer_id": pa.array([596.0, 4961.0, None], pa.float64()),
            "terminal_id": pa.array([3156, 3412, 1], pa.int16()),
            "amount": [57.16, float("nan"), 3.0],
            "is_fraud": pa.array([0, 1, 1], pa.int8()),
            "fraud_scenario": pa.array([0, 1, 2], pa.int8()),
        }
    )
    path = tmp_path / "cards.parquet"
    pq.write_table(table, path)
    return path


def test_parquet_is_read_by_the_handbooks_names(parquet: Path) -> None:
    contents = read_transactions(parquet)

    (only,) = contents.transactions
    assert (only.transaction_id, only.account_id, only.merchant_id) == ("0", "596", "3156")
    assert only.event_time == datetime(2018, 4, 1, tzinfo=UTC)
    assert contents.labels == {"0": False}
    assert [str(row) for row in contents.malformed] == [
        "cards.parquet, line 2: amount is empty, and required",
        "cards.parquet, line 3: account_id is empty, and required",
    ]


def test_parquet_labels_of_frauds_carry_their_pattern(parquet: Path) -> None:
    pq.write_table(pq.read_table(parquet).slice(2, 1).set_column(2, "customer_id", pa.array([7])), parquet)

    assert read_transactions(parquet).patterns == {"2": "2"}


def test_detection_prefers_a_builtin_map(write: Write) -> None:
    assert detect_columns(write(HEADER, GOOD)).columns == {name: name for name in HEADER.split(",")}


def test_the_bank_file_is_read_whole(real_data: Callable[[str], Path]) -> None:
    contents = read_transactions(real_data("bank_transactions_data_2.csv"))

    assert len(contents.transactions) == 2512
    assert contents.malformed == []
    assert len({each.account_id for each in contents.transactions}) == 495
    assert contents.transactions[0].ip_address == "162.198.218.92"


def test_the_handbooks_file_is_read(real_data: Callable[[str], Path]) -> None:
    path = real_data("handbook_transactions_2018-04-01_2018-08-14.parquet")

    contents = read_transactions(path, limit=20_000)

    assert len(contents.transactions) == 20_000
    assert contents.malformed == []
    assert contents.columns == builtin_columns("handbook")
