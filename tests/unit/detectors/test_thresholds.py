import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.assessment import LEVELS
from detectors.thresholds import LevelTable, Thresholds, levels, maturity_codes

STRICT = Thresholds(medium=98.0, high=99.5, critical=99.9)
LAX = Thresholds(medium=50.0, high=60.0, critical=70.0)
TABLE = LevelTable(new=LAX, warming=STRICT, mature=STRICT, pooled=STRICT)


def test_a_level_begins_at_its_threshold() -> None:
    scores = np.array([97.9999, 98.0, 99.4999, 99.5, 99.9])
    found = levels(scores, np.full(5, 100), TABLE)
    assert [LEVELS[code] for code in found] == ["low", "medium", "medium", "high", "critical"]


def test_thresholds_are_those_of_the_accounts_maturity() -> None:
    found = levels(np.full(4, 65.0), np.array([0, 4, 5, 30]), TABLE)
    assert [LEVELS[code] for code in found] == ["high", "high", "low", "low"]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=20), st.integers(0, 60))
def test_a_higher_score_is_never_of_a_lower_level(pairs: list[tuple[float, float]], payments: int) -> None:
    low = np.array([min(pair) for pair in pairs])
    high = np.array([max(pair) for pair in pairs])
    known = np.full(len(pairs), payments)
    assert (levels(low, known, TABLE) <= levels(high, known, TABLE)).all()


def test_maturity_is_a_count_of_known_payments() -> None:
    assert maturity_codes(np.array([0, 4, 5, 29, 30, 10_000])).tolist() == [0, 0, 1, 1, 2, 2]
