"""Label files in all their forms give the same labels; a row that is none is named."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors.labels import Label
from detectors.transaction import Transaction
from stream.sources.columns import ColumnMap, LabelColumns, Options
from stream.sources.files import MalformedRowError
from stream.sources.labels import LabelFileError, read_frauds, read_labels, write_labels
from tests import strategies
from tests.unit.stream.sources.conftest import GOOD, HEADER

Write = Callable[..., Path]
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
FULL = "transaction_id,account_id,merchant_id,event_time,disposition,source,observed_at"
ROW = "t1,a1,m1,2026-01-05T12:00:00Z,false_positive,analyst,2026-01-06T09:30:00Z"


def label(number: int = 1, **fields: Any) -> Label:
    known = {
        "transaction_id": f"t{number}",
        "account_id": f"a{number}",
        "merchant_id": f"m{number}",
        "event_time": NOON,
        "disposition": "confirmed_fraud",
        "source": "chargeback",
        "observed_at": NOON + timedelta(days=7),
    }
    return Label(**(known | fields))


def payment(number: int) -> Transaction:
    return Transaction(
        transaction_id=f"t{number}",
        account_id=f"a{number}",
        merchant_id=f"m{number}",
        event_time=NOON,
        amount=1.0,
    )


@given(st.lists(strategies.labels(), max_size=4))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_read_as_it_was(tmp_path: Path, labels: list[Label]) -> None:
    write_labels(labels, tmp_path / "labels.csv")

    contents = read_labels(tmp_path / "labels.csv")

    assert (contents.labels, contents.malformed) == (labels, [])


def test_a_row_in_full_is_the_label(write: Write) -> None:
    (found,) = read_labels(write(FULL, ROW)).labels

    assert found == label(
        disposition="false_positive", source="analyst", observed_at=datetime(2026, 1, 6, 9, 30, tzinfo=UTC)
    )


def test_source_and_observed_at_may_be_left_out(write: Write) -> None:
    header = "transaction_id,account_id,merchant_id,event_time,disposition"
    path = write(header, "t1,a1,m1,2026-01-05T12:00:00Z,inconclusive")

    (found,) = read_labels(path, delay=timedelta(hours=3), source="random_review").labels

    assert found == label(
        disposition="inconclusive", source="random_review", observed_at=NOON + timedelta(hours=3)
    )


def test_empty_cells_of_source_and_observed_at_take_the_defaults(write: Write) -> None:
    assert read_labels(write(FULL, "t1,a1,m1,2026-01-05T12:00:00Z,confirmed_fraud,,")).labels == [label()]


def test_payments_complete_a_file_that_names_transactions_only(write: Write) -> None:
    path = write("transaction_id,is_fraud", "t1,1", "t2,0", "t3,", "t4,Fraud")

    found = read_labels(path, payments=map(payment, range(9))).labels

    assert found == [label(1), label(4)]


def test_that_a_payment_was_genuine_is_a_label_only_where_the_file_says_since_when(write: Write) -> None:
    path = write("transaction_id,is_fraud,observed_at", "t1,0,2026-01-09T12:00:00Z", "t2,0,")

    found = read_labels(path, payments=[payment(1), payment(2)]).labels

    assert found == [label(1, disposition="false_positive", observed_at=NOON + timedelta(days=4))]


def test_the_truth_of_a_simulated_history_is_a_chargeback_for_each_fraud(write: Write) -> None:
    rows = [f"t{number},a{number},m{number},2026-01-05T12:00:00Z,5,{number % 2},x" for number in range(4)]

    contents = read_labels(write(f"{HEADER},is_fraud,fraud_pattern", *rows, "t9,a9,m9,never,5,1,x"))

    assert contents.labels == [label(1), label(3)]
    assert [row.line for row in contents.malformed] == [6]


def test_the_handbooks_columns_are_known(write: Write) -> None:
    header = "transaction_id,event_time,customer_id,terminal_id,amount,is_fraud,fraud_scenario"

    assert read_labels(write(header, "t1,2026-01-05 12:00:00,a1,m1,5,1,2")).labels == [label()]


def test_a_column_map_names_the_columns_and_the_zone(write: Write) -> None:
    columns = ColumnMap(
        columns={"transaction_id": "Tx", "account_id": "Client", "merchant_id": "Shop", "event_time": "Booked"},
        options=Options(timezone="Europe/Berlin"),
        labels=LabelColumns(column="Chargeback", positive=("Yes",)),
    )
    path = write("Tx;Client;Shop;Booked;Chargeback;observed_at", "t1;a1;m1;2026-01-05 13:00;yes;2026-01-12 13:00")

    assert read_labels(path, columns=columns).labels == [label()]


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"
    rows = pyarrow.table(
        {"transaction_id": [1, 2], "is_fraud": [1.0, None], "observed_at": [NOON + timedelta(days=7)] * 2}
    )
    pyarrow.parquet.write_table(rows, path)

    found = read_labels(path, payments=[payment(1)], source="analyst")

    assert found.labels == []
    assert str(found.malformed[0]) == 'labels.parquet, line 1: transaction_id "…" is not among the payments'
    assert read_frauds(path) == {"1": True}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("t1,a1,m1,2026-01-05T12:00:00Z,fraud,,", 'disposition "fraud" is not confirmed_fraud, false_positive or'),
        ("t1,a1,m1,2026-01-05T12:00:00Z,inconclusive,me,", 'source "me" is not chargeback, analyst or'),
        (",a1,m1,2026-01-05T12:00:00Z,inconclusive,,", "transaction_id is empty, and required"),
        ("t1,,m1,2026-01-05T12:00:00Z,inconclusive,,", "account_id is empty, and required"),
        ("t1,a1,m1,2026-01-05,inconclusive,,", 'event_time "2026-01-05" names no time zone'),
        ("t1,a1,m1,9999-12-31T23:00:00Z,inconclusive,,", 'event_time "9999-12-31T23:00:00+00:00" does not'),
        ("t1,a1,m1,2026-01-05T12:00:00Z,inconclusive,,soon", 'observed_at "soon" is not a time such as'),
        (
            "t1,a1,m1,2026-01-05T12:00:00Z,inconclusive,,2026-01-05T11:00:00Z",
            'observed_at "2026-01-05T11:00:00+00:00" lies before event_time 2026-01-05T12:00:00+00:00',
        ),
        ("t1,a1", "has 2 cells, the header has 7"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_named_and_the_others_are_read(write: Write, row: str, says: str) -> None:
    contents = read_labels(write(FULL, ROW, row, ROW, name="labels.csv"))

    (malformed,) = contents.malformed
    assert str(malformed).startswith(f"labels.csv, line 3: {says}")
    assert len(contents.labels) == 2


def test_a_label_without_its_payment_is_malformed_and_masked(write: Write) -> None:
    (row,) = read_labels(write("transaction_id,is_fraud", "tx-0001,1"), payments=[payment(1)]).malformed

    assert str(row) == 'payments.csv, line 2: transaction_id "…001" is not among the payments'


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("id,fraud", "needs the columns transaction_id and is_fraud .* it has 'id', 'fraud'"),
        ("transaction_id,observed_at", "needs the columns transaction_id and is_fraud"),
        ("transaction_id,is_fraud", "names transactions only: give the file of their payments too, or add the"),
        ("transaction_id,is_fraud,is_fraud", "has the column 'is_fraud' twice"),
        (HEADER, "holds payments, but no column that tells which were fraud"),
    ],
)
def test_a_file_without_the_columns_is_refused_with_what_is_missing(write: Write, header: str, says: str) -> None:
    with pytest.raises(LabelFileError, match=says):
        read_labels(write(header, GOOD))


def test_frauds_are_told_by_transaction(write: Write) -> None:
    path = write("transaction_id,is_fraud,note", "t1,1,", "t2,no,", "t3,,", "t1,0,changed", ",,")

    assert read_frauds(path) == {"t1": False, "t2": False}


def test_of_dispositions_the_newest_holds_and_the_inconclusive_is_unknown(write: Write) -> None:
    path = write(
        "transaction_id,disposition,observed_at",
        "t1,confirmed_fraud,2026-01-09T00:00:00Z",
        "t1,false_positive,2026-01-08T00:00:00Z",
        "t2,confirmed_fraud,2026-01-08T00:00:00Z",
        "t2,inconclusive,2026-01-09T00:00:00Z",
    )

    assert read_frauds(path) == {"t1": True}


def test_the_truth_is_taken_from_a_file_of_payments_whatever_else_it_holds(write: Write) -> None:
    assert read_frauds(write(f"{HEADER},is_fraud", "t1,a1,m1,never,12.50,1")) == {"t1": True}


def test_a_broken_row_among_frauds_is_an_error(write: Write) -> None:
    with pytest.raises(MalformedRowError, match=r"payments.csv, line 3: has 3 cells"):
        read_frauds(write("transaction_id,is_fraud", "t1,1", "t2,1,1"))
