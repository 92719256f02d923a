"""Windows of a merchant: where they begin and end, to the hour."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.merchants.activity import LabelChange, Payment
from detectors.merchants.profile import HourTotals, MerchantProfile, fold
from detectors.merchants.reading import is_exact, read_many, read_sums, window_start
from tests.unit.detectors.merchants.telling import START, TIMING, plain_sums

MIDNIGHT = START // 24 * 24
DAYS = (1, 7, 30)


def counted(hour: int, edge: int) -> tuple[int, int, int]:
    """Whether a payment of an hour is in the activity windows of a reader."""
    return read_sums(fold(None, {hour: HourTotals(1, 5)}, [], hour + 1, TIMING, []), edge, TIMING).payments


@given(st.integers(0, 10**6), st.sampled_from(DAYS))
def test_a_window_begins_at_a_midnight_and_is_up_to_a_day_longer_than_its_name(edge: int, days: int) -> None:
    start = window_start(edge, days)
    assert start % 24 == 0
    assert 24 * days <= edge - start < 24 * days + 24


@pytest.mark.parametrize("edge", [MIDNIGHT, MIDNIGHT + 1, MIDNIGHT + 23])
@pytest.mark.parametrize("window", range(3))
def test_a_window_holds_its_midnight_and_the_last_hour_before_its_edge(edge: int, window: int) -> None:
    start = MIDNIGHT - 24 * DAYS[window]
    assert counted(start, edge)[window] == 1
    assert counted(start - 1, edge)[window] == 0
    assert counted(edge - 1, edge)[window] == 1
    assert counted(edge, edge)[window] == 0


def test_a_fraud_is_seen_beside_the_payments_of_its_own_time() -> None:
    """The label windows of a reader end a label delay before its activity windows, for payments and frauds."""
    hour = MIDNIGHT + 5
    profile = fold(None, {hour: HourTotals(4, 0)}, [LabelChange(1, "M1", hour, 1)], hour + 1, TIMING, [0])
    before = read_sums(profile, hour + TIMING.delay_hours, TIMING)
    after = read_sums(profile, hour + TIMING.delay_hours + 1, TIMING)
    assert (before.exposed, before.frauds) == ((0, 0, 0), (0, 0, 0))
    assert (after.exposed, after.frauds) == ((4, 4, 4), (1, 1, 1))
    assert after.payments == (0, 4, 4)


_payments = st.lists(st.tuples(st.integers(0, 50 * 24), st.integers(-(10**6), 10**6)), max_size=12)
_frauds = st.lists(st.tuples(st.integers(0, 50 * 24), st.sampled_from([1, 1, -1])), max_size=4)


def memory(paid: list[tuple[int, int]], known: list[tuple[int, int]]) -> MerchantProfile:
    totals: dict[int, HourTotals] = {}
    for after, deviation in paid:
        total = totals.setdefault(START + after, HourTotals())
        total.count += 1
        total.deviation += deviation
    changes = [
        LabelChange(position, "M1", START + after, change) for position, (after, change) in enumerate(known)
    ]
    return fold(None, totals, changes, START + 50 * 24 + 1, TIMING, [0] * len(changes))


@settings(max_examples=10)
@given(st.lists(st.tuples(_payments, _frauds, st.integers(0, 60 * 24)), max_size=6))
def test_memories_read_together_say_what_each_says_alone(
    read: list[tuple[list[tuple[int, int]], list[tuple[int, int]], int]],
) -> None:
    """Large memories beside small ones and empty ones, some of them too new for their reader."""
    profiles = [memory(paid, known) for paid, known, _ in read]
    edges = [START + after for _, _, after in read]
    together = read_many(profiles, edges, TIMING)
    for profile, edge, sums, (paid, known, _) in zip(profiles, edges, together, read, strict=True):
        assert (sums is None) == (not is_exact(profile, edge, TIMING))
        if sums is not None:
            assert sums == read_sums(profile, edge, TIMING)
            payments = [Payment(0, "M1", START + after, deviation) for after, deviation in paid]
            changes = [LabelChange(0, "M1", START + after, change) for after, change in known]
            assert sums == plain_sums([*payments, *changes], "M1", edge)


@pytest.mark.parametrize("edge", [0, 1, 100])
def test_at_the_beginning_of_time_windows_hold_what_there_is(edge: int) -> None:
    profile = fold(None, {0: HourTotals(3, 5)}, [LabelChange(1, "M1", 0, 1)], 1, TIMING, [0])
    sums = read_sums(profile, edge, TIMING)
    assert sums.payments[2] == (3 if edge else 0)
    assert (sums.exposed, sums.frauds) == ((0, 0, 0), (0, 0, 0))
