"""Proposals for files that nobody has described."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from stream.sources.columns import builtin_columns
from stream.sources.files import read_transactions
from stream.sources.proposals import propose_columns

CARD = ["trans_num", "cc_num", "merchant", "trans_date_trans_time", "amt"]
ROW = ["0b242abb", "2703186189652095", "fraud_Rippin", "2019-01-01 00:00:18", "4.97"]


def test_common_names_of_card_data_are_understood() -> None:
    header = ["", *CARD, "dob", "city", "job", "merch_lat", "merch_long", "unix_time", "is_fraud"]
    row = ["0", *ROW, "1988-03-09", "Moravian Falls", "Psychologist", "36.01", "-82.04", "1325376018", "0"]

    proposal = propose_columns(header, [row])

    assert proposal.columns == {
        "transaction_id": "trans_num",
        "account_id": "cc_num",
        "merchant_id": "merchant",
        "event_time": "trans_date_trans_time",
        "amount": "amt",
        "location": "city",
        "customer_occupation": "job",
        "latitude": "merch_lat",
        "longitude": "merch_long",
    }
    assert proposal.labels is not None
    assert proposal.labels.column == "is_fraud"
    assert proposal.options.timezone == "UTC"
    assert proposal.notes == ("trans_date_trans_time: the times name no zone and are taken as UTC.",)


def test_the_handbooks_original_names_are_understood() -> None:
    header = ["TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID"]
    header += ["TX_AMOUNT", "TX_FRAUD", "TX_FRAUD_SCENARIO"]
    row = ["0", "2018-04-01 00:00:31", "596", "3156", "57.16", "0", "0"]

    proposal = propose_columns(header, [row])

    assert proposal.unmapped() == ()
    assert proposal.columns["event_time"] == "TX_DATETIME"
    assert proposal.labels is not None
    assert (proposal.labels.column, proposal.labels.pattern) == ("TX_FRAUD", "TX_FRAUD_SCENARIO")


def test_the_proposal_for_the_bank_file_is_its_builtin_map(real_data: Callable[[str], Path]) -> None:
    with real_data("bank_transactions_data_2.csv").open(encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))[:100]

    proposal = propose_columns(header, rows)

    assert proposal.columns == builtin_columns("bank").columns
    assert proposal.options == builtin_columns("bank").options


def with_times(*times: str) -> tuple[list[str], list[list[str]]]:
    return CARD, [[f"t{number}", *ROW[1:3], time, ROW[4]] for number, time in enumerate(times)]


@pytest.mark.parametrize(
    ("times", "time_format", "timezone"),
    [
        (["2019-01-01T00:00:18Z"], None, None),
        (["2019-01-01 00:00"], None, "UTC"),
        (["31/12/2019 23:59"], "%d/%m/%Y %H:%M", "UTC"),
        (["12/31/2019 23:59:59"], "%m/%d/%Y %H:%M:%S", "UTC"),
        (["31.12.2019"], "%d.%m.%Y", "UTC"),
        (["12/31/2019 11:59 PM"], "%m/%d/%Y %I:%M %p", "UTC"),
        (["1325376018"], "epoch_s", None),
        (["1325376018000"], "epoch_ms", None),
    ],
)
def test_the_format_of_times_is_found(times: Sequence[str], time_format: str | None, timezone: str | None) -> None:
    options = propose_columns(*with_times(*times)).options

    assert (options.time_format, options.timezone) == (time_format, timezone)


def test_an_ambiguous_date_is_said_to_be_one() -> None:
    (note,) = propose_columns(*with_times("03/04/2019 10:00", "05/06/2019 10:00")).notes

    assert note == (
        "trans_date_trans_time: read as %d/%m/%Y %H:%M, but %m/%d/%Y %H:%M would fit too;"
        " the times name no zone and are taken as UTC."
    )


def test_times_and_addresses_are_found_by_their_values() -> None:
    header = ["id", "customer", "shop", "amount", "birth date", "booked", "from"]
    row = ["1", "c", "s", "3.00", "1980-01-01", "2026-01-05T10:00:00Z", "73.1.2.3"]

    proposal = propose_columns(header, [row])

    assert proposal.columns["event_time"] == "booked"
    assert proposal.columns["ip_address"] == "from"


def test_a_name_whose_values_do_not_fit_is_passed_over() -> None:
    header = [*CARD, "age", "country", "class", "lat"]
    row = [*ROW, "adult", "Germany", "economy", "north"]

    proposal = propose_columns(header, [row])

    assert set(proposal.columns) == {"transaction_id", "account_id", "merchant_id", "event_time", "amount"}
    assert proposal.labels is None


def test_repeated_ids_are_no_transaction_ids(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("id,customer,shop,date,amount\n1,c,s,2026-01-05,3\n1,c,s,2026-01-06,4\n")

    contents = read_transactions(path)

    assert contents.columns.options.number_rows
    assert len({each.transaction_id for each in contents.transactions}) == 2


def test_what_cannot_be_found_is_left_open() -> None:
    assert propose_columns(["colour"], [["red"]]).unmapped() == (
        "account_id",
        "merchant_id",
        "event_time",
        "amount",
    )


def test_a_header_without_rows_is_believed() -> None:
    assert propose_columns(CARD, []).unmapped() == ()
