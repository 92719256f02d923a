import numpy as np
import pytest

from detectors.evaluation.cards import daily_card_precision
from detectors.evaluation.scored import DAY
from tests.unit.detectors.evaluation.payments import START, scored

# day, account, score, fraud: account 1 is found on the first day, 3 on the second although 1 scores higher again
ROWS = [
    (0, 1, 5.0, 0),
    (0, 1, 1.0, 1),
    (0, 2, 4.0, 0),
    (0, 3, 3.0, 1),
    (1, 1, 9.0, 1),
    (1, 2, 2.0, 0),
    (1, 3, 8.0, 1),
    (1, 4, 1.0, 0),
]


def days(rows: list[tuple[int, int, float, int]], cards: int) -> list[float]:
    day, account, score, fraud = map(np.array, zip(*rows, strict=True))
    return daily_card_precision(
        scored(len(rows), time=START + day * DAY, account=account, score=score, label=fraud), cards
    )


def test_cards_rank_by_their_highest_score_and_found_ones_leave() -> None:
    """The best payment of account 1 is genuine, but the account is compromised that day: it counts as found."""
    assert days(ROWS, 2) == [0.5, 0.5]


def test_days_with_fewer_cards_than_k_are_left_out() -> None:
    assert days(ROWS, 3) == pytest.approx([2 / 3])
    assert days(ROWS, 4) == [0.5]
    assert days(ROWS, 5) == []


def test_unlabelled_payments_take_no_part() -> None:
    assert days([*ROWS, (1, 5, 99.0, -1)], 2) == [0.5, 0.5]


def test_equal_cards_are_ranked_by_their_code() -> None:
    assert days([(0, 7, 1.0, 1), (0, 2, 1.0, 0)], 1) == [0.0]


def test_without_a_fraud_there_is_nothing_to_find() -> None:
    assert days([(0, 1, 1.0, 0)], 1) == []
