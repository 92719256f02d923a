from pathlib import Path

import pytest

from benchmarks.incidents.cities import CITIES
from benchmarks.incidents.history import default_path, read_halves

HEADER = (
    "TransactionID,AccountID,TransactionAmount,TransactionDate,TransactionType,Location,DeviceID,IP Address,"
    "MerchantID,Channel,CustomerAge,CustomerOccupation,TransactionDuration,LoginAttempts,AccountBalance,PreviousTransactionDate"
)
ROW = "{},A1,10.5,{},Debit,{},D1,8.8.8.8,M1,ATM,40,Doctor,81,1,5112.21,2024-11-04 08:08:08"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [
        ROW.format("T3", "2023-03-01 16:00:00", "Boston"),
        ROW.format("T1", "2023-01-01 16:00:00", "Atlantis"),
        ROW.format("T2", "2023-02-01 16:00:00", "Miami"),
        ROW.format("T4", "2023-04-01 16:00:00", "Miami"),
    ]
    path = tmp_path / "bank.csv"
    path.write_text("\n".join([HEADER, *rows]))
    return path


def test_the_halves_are_cut_by_event_time(file: Path):
    halves = read_halves(file)

    assert [payment.transaction_id for payment in halves.first] == ["T1", "T2"]
    assert [payment.transaction_id for payment in halves.second] == ["T3", "T4"]


def test_a_known_city_has_coordinates_and_an_unknown_one_has_none(file: Path):
    first, second = read_halves(file).first

    assert (first.location, first.latitude, first.longitude) == ("Atlantis", None, None)
    assert (second.latitude, second.longitude) == CITIES["Miami"]


def test_every_city_is_in_the_states():
    assert len(CITIES) == 43
    assert all(24 < latitude < 49 and -125 < longitude < -66 for latitude, longitude in CITIES.values())


def test_the_folder_of_the_data_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("RISKSTREAM_DATA", str(tmp_path))

    assert default_path().parent == tmp_path
