"""One alert for a burst, then only what is graver or new."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.account_memory import AlertMemory
from detectors.alerting import BURST_SECONDS, fold, is_risky
from detectors.assessment import LEVELS, AlertStatus, RiskLevel

Risky = tuple[int, RiskLevel, tuple[str, ...]]
"""Seconds, level, reasons."""


def statuses(payments: list[Risky]) -> list[AlertStatus]:
    """The status of each payment of one account, in order."""
    memory, found = None, []
    for seconds, level, codes in payments:
        status, memory = fold(memory, seconds, level, codes)
        found.append(status)
    return found


def test_only_high_and_critical_are_worth_an_alert() -> None:
    assert [level for level in LEVELS if is_risky(level)] == ["high", "critical"]


def test_a_burst_is_one_alert() -> None:
    assert statuses([(number * 60, "high", ("A", "B")) for number in range(20)]) == ["new", *["folded"] * 19]


def test_a_higher_level_is_an_escalation_once() -> None:
    burst: list[Risky] = [
        (0, "high", ("A",)),
        (1, "critical", ("A",)),
        (2, "critical", ("A",)),
        (3, "high", ("A",)),
    ]
    assert statuses(burst) == ["new", "escalation", "folded", "folded"]


def test_a_new_reason_is_an_escalation_once() -> None:
    burst: list[Risky] = [(0, "high", ("A",)), (1, "high", ("B", "A")), (2, "high", ("B",)), (3, "high", ())]
    assert statuses(burst) == ["new", "escalation", "folded", "folded"]


def test_after_a_pause_it_is_a_new_alert_with_its_own_reasons_and_level() -> None:
    later = BURST_SECONDS + 1
    payments: list[Risky] = [(0, "critical", ("A", "B")), (later, "high", ("A",)), (later + 1, "high", ("B",))]
    assert statuses(payments) == ["new", "new", "escalation"]


def test_a_burst_goes_on_for_as_long_as_its_payments_are_close() -> None:
    payments: list[Risky] = [(number * BURST_SECONDS, "high", ("A",)) for number in range(5)]
    assert statuses(payments) == ["new", *["folded"] * 4]


def test_a_late_payment_does_not_turn_the_clock_back() -> None:
    status, memory = fold(AlertMemory(1000, "high", ("A",)), 400, "high", ["A"])
    assert (status, memory) == ("folded", AlertMemory(1000, "high", ("A",)))


@pytest.mark.parametrize("level", ["low", "medium"])
def test_what_is_not_risky_leaves_the_last_alert_as_it_is(level: RiskLevel) -> None:
    memory = AlertMemory(1000, "high", ("A",))
    assert fold(memory, 2000, level, ["A", "B"]) == ("none", memory)
    assert fold(None, 2000, level, ["A"]) == ("none", None)


_risky = st.tuples(
    st.integers(0, 4 * BURST_SECONDS), st.sampled_from(LEVELS), st.sets(st.sampled_from("ABCD")).map(tuple)
)


@given(st.lists(_risky, max_size=30).map(sorted))
def test_every_risky_payment_belongs_to_a_burst_that_began_with_a_new_alert(payments: list[Risky]) -> None:
    risky = [each for each in payments if is_risky(each[1])]
    found = [status for status in statuses(payments) if status != "none"]
    assert len(found) == len(risky)
    assert found[:1] == ["new"][: len(risky)]
    for (earlier, later), status in zip(pairwise(risky), found[1:], strict=True):
        assert (status == "new") is (later[0] - earlier[0] > BURST_SECONDS)
    # Two levels and four reasons: nobody is told more than five times more about one burst.
    assert found.count("escalation") <= 5 * found.count("new")
