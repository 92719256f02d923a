"""CSV bodies: what a payment is, the one decoder says."""

import pytest

from detectors.decoding import Rejection, decode_transactions
from detectors.transaction import Transaction
from serving.sagemaker.csv_rows import NUMBERS, csv_rows
from serving.sagemaker.refusals import UnreadableBody

HEADER = "transaction_id,account_id,merchant_id,event_time,amount,login_attempts,location\n"


def decoded(rows: str) -> list[Transaction | Rejection]:
    found = csv_rows((HEADER + rows).encode())
    return [each if isinstance(each, Rejection) else decode_transactions([each], [None])[0] for each in found]


def test_a_row_is_a_payment() -> None:
    [paid] = decoded('t1, a1 ,m1,2026-11-22T03:10:00Z,9.5e2,3,"Rome, IT"\n')

    assert isinstance(paid, Transaction)
    assert (paid.account_id, paid.amount, paid.login_attempts, paid.location) == ("a1", 950.0, 3, "Rome, IT")


def test_an_empty_cell_is_a_missing_value_and_an_empty_line_no_row() -> None:
    first, second = decoded("\r\nt1,a1,m1,2026-11-22T03:10:00Z,1,,\r\n\r\nt2,a1,m1,2026-11-22T03:10:00Z,1,2,\r\n")

    assert isinstance(first, Transaction)
    assert (first.login_attempts, first.location) == (None, None)
    assert isinstance(second, Transaction)


@pytest.mark.parametrize(
    "amount", ["abc", "1,5", "NaN", "Infinity", "0x10", "1_000", "007", "+1", "1e999", "-1", "٣"]
)
def test_what_is_no_number_is_refused(amount: str) -> None:
    [wrong] = decoded(f't1,a1,m1,2026-11-22T03:10:00Z,"{amount}",,\n')

    assert isinstance(wrong, Rejection)
    assert wrong.field == "amount"
    assert "it must be a number from 0 to 1e15" in wrong.message


def test_an_id_of_digits_stays_text() -> None:
    [paid] = decoded("1,0042,3,2026-11-22T03:10:00Z,1,,\n")

    assert isinstance(paid, Transaction)
    assert paid.account_id == "0042"


def test_a_row_of_another_length_is_refused_by_itself() -> None:
    first, second = decoded("t1,a1\nt1,a1,m1,2026-11-22T03:10:00Z,1,,\n")

    assert isinstance(first, Rejection)
    assert "2 cells, the first line 7" in first.message
    assert isinstance(second, Transaction)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"transaction_id,account_id\nt,a\n", "merchant_id, event_time, amount missing"),
        (HEADER.replace("location", "town").encode(), "'town' in the first line is no field"),
        (HEADER.replace("location", "amount").encode(), "amount is in the first line twice"),
        (HEADER.encode() + b'"t1', "line 2 is not CSV"),
        (b"\xff", "byte 0xff at position 0 is not UTF-8"),
        (b"4111111111110042,a1,m1,2026-11-22T03:10:00Z,5\n", "'…0042' in the first line"),
    ],
)
def test_a_body_that_is_no_table_of_payments_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(UnreadableBody) as refused:
        csv_rows(body)

    assert says in str(refused.value)
    assert "411111" not in str(refused.value)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert csv_rows(b"\xef\xbb\xbf" + HEADER.encode()) == []


def test_numbers_are_the_fields_that_are_numbers() -> None:
    assert set(Transaction.__struct_fields__) >= NUMBERS
    text = {"currency", "transaction_type", "channel", "ip_address", "location", "country", "customer_occupation"}
    ids = {"transaction_id", "account_id", "merchant_id", "device_id", "event_time"}
    assert set(Transaction.__struct_fields__) - NUMBERS == text | ids
