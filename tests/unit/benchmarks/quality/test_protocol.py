from datetime import date
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.errors import QualityError
from benchmarks.quality.payments import Payments
from benchmarks.quality.protocol import earlier_starts, split, start_of
from detectors.evaluation.scored import DAY, WEEK
from tests.unit.benchmarks.quality import worlds

START = start_of(date(2026, 1, 5))


def daily(frauds: dict[int, set[int]]) -> Payments:
    """Cards 0 to 2 pay at noon of each of 21 days; `frauds` are the days of each card."""
    day, card = np.divmod(np.arange(63), 3)
    fraud = np.array([int(d) in frauds.get(int(c), set()) for d, c in zip(day, card, strict=True)])
    return Payments(
        identifier=np.arange(63),
        time=START + day * DAY + DAY // 2,
        customer=card,
        merchant=card,
        card=card.astype(np.int32),
        terminal=card.astype(np.int32),
        amount=np.ones(63),
        fraud=fraud,
        scenario=fraud.astype(np.int8),
    )


def counted(payments: Payments, card: int) -> list[int]:
    """Days from the start on which a card's payments count."""
    rows = split(payments, START).evaluated
    return [(time - START) // DAY for time in payments.time[rows[payments.card[rows] == card]].tolist()]


def test_a_card_with_a_fraud_in_the_training_week_is_not_tested() -> None:
    payments = daily({0: {6}})
    assert counted(payments, 0) == []
    assert counted(payments, 1) == [14, 15, 16, 17, 18, 19, 20]


def test_a_fraud_of_the_week_between_removes_the_card_eight_days_later() -> None:
    payments = daily({0: {0}, 1: {7}, 2: {12}})
    assert counted(payments, 1) == [14]
    assert counted(payments, 2) == [14, 15, 16, 17, 18, 19]


def test_a_fraud_that_nobody_can_know_of_removes_nobody() -> None:
    payments = daily({0: {0}, 1: {13}, 2: {15}})
    assert len(counted(payments, 1)) == len(counted(payments, 2)) == 7


def test_earlier_weeks_are_tested_before_training_starts() -> None:
    assert earlier_starts(START, 0, 2) == [START - 3 * WEEK, START - 4 * WEEK]
    assert earlier_starts(START, START - 3 * WEEK, 2) == [START - 3 * WEEK]


def test_a_week_beyond_the_file_is_refused_with_what_the_file_covers(tmp_path: Path) -> None:
    payments = worlds.payments(tmp_path)
    with pytest.raises(QualityError, match="the file covers 2026-01-01 to 2026-01-27"):
        split(payments, start_of(date(2026, 1, 20)))
