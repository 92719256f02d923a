"""Simulated traffic: its form, its repeatability, its bounds."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.transaction import Transaction
from stream.simulation import (
    SimulatedTransaction,
    SimulationConfig,
    SimulationError,
    draw,
    simulate,
    transactions,
    write_csv,
)
from stream.simulation.payments import PATTERNS
from stream.sources.files import read_transactions

SMALL = SimulationConfig(seed=3, accounts=60, days=25)


@cache
def small() -> Sequence[SimulatedTransaction]:
    return simulate(SMALL)


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name, traffic in (("a.csv", small()), ("b.csv", simulate(SMALL))):
        write_csv(traffic, tmp_path / name)

    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_another_seed_has_other_people_shops_and_ids() -> None:
    theirs = simulate(SimulationConfig(seed=4, accounts=60, days=25))

    for name in ("transaction_id", "account_id", "merchant_id", "device_id"):
        mine = {getattr(each.transaction, name) for each in small()} - {None}
        assert mine.isdisjoint({getattr(each.transaction, name) for each in theirs})


def test_more_days_do_not_change_who_the_people_are() -> None:
    short, long = (draw(SimulationConfig(seed=3, accounts=60, days=days)).people for days in (5, 70))

    np.testing.assert_array_equal(short.log_amount, long.log_amount)
    np.testing.assert_array_equal(short.favourite_shops, long.favourite_shops)


@given(
    seed=st.integers(0, 2**32),
    accounts=st.integers(1, 40),
    days=st.integers(1, 20),
    fraud_rate=st.floats(0, 0.01),
)
@settings(max_examples=10)
def test_no_run_has_more_fraud_than_its_rate(seed: int, accounts: int, days: int, fraud_rate: float) -> None:
    payments = draw(SimulationConfig(seed=seed, accounts=accounts, days=days, fraud_rate=fraud_rate)).payments

    frauds = np.isin(payments.story, PATTERNS).sum()
    assert frauds <= fraud_rate * max(len(payments), 1)


def test_payments_come_in_event_time_order_within_the_days_at_whole_milliseconds() -> None:
    start = datetime(2025, 3, 1, 6, tzinfo=UTC)
    traffic = simulate(SimulationConfig(accounts=60, days=25, start=start))

    times = [each.transaction.event_time for each in traffic]
    assert times == sorted(times)
    assert times[0] >= start
    assert (times[-1] - start).days < 25
    assert all(time.microsecond % 1000 == 0 for time in times)


def test_every_payment_is_valid_on_the_wire() -> None:
    for each in small():
        wire = msgspec.json.encode(each.transaction)
        assert msgspec.json.decode(wire, type=Transaction) == each.transaction


def test_ids_are_unique() -> None:
    traffic = small()

    assert len({each.transaction.transaction_id for each in traffic}) == len(traffic)


def test_a_written_file_is_read_back_as_it_was(tmp_path: Path) -> None:
    simulated = draw(SMALL)
    traffic = list(transactions(simulated))
    heard: list[int] = []

    written = write_csv(traffic, tmp_path / "traffic.csv", heard.append)
    contents = read_transactions(tmp_path / "traffic.csv", strict=True)

    assert written == len(traffic) == len(simulated.payments)
    assert contents.transactions == [each.transaction for each in traffic]
    assert contents.labels == {each.transaction.transaction_id: each.is_fraud for each in traffic}
    assert contents.patterns == {
        each.transaction.transaction_id: each.fraud_pattern for each in traffic if each.is_fraud
    }


def test_genuine_payments_have_no_pattern() -> None:
    for each in small():
        assert each.is_fraud == (each.fraud_pattern is not None)
        assert each.story


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"fraud_rate": 0.02}, "fraud rate 0.02 lies outside 0 to 0.01"),
        ({"accounts": 0}, "0 accounts cannot be simulated"),
        ({"days": 0}, "0 days cannot be simulated"),
        ({"merchants": 5}, "5 merchants are too few or too many"),
        ({"seed": -1}, "seed -1 is not a whole number"),
        ({"start": datetime(2026, 1, 5)}, "start names no time zone"),
    ],
)
def test_what_cannot_be_simulated_is_refused(asked: dict[str, int], says: str) -> None:
    with pytest.raises(SimulationError, match=says):
        SimulationConfig(**asked)
