"""The memory of one merchant: what it keeps, what it forgets, and how small it stays."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.errors import MemoryFormatError
from detectors.merchants.activity import LabelChange, Payment
from detectors.merchants.profile import (
    HourTotals,
    MerchantProfile,
    decode_profile,
    encode_profile,
    fold,
    hours_of,
)
from detectors.merchants.reading import NOTHING, is_exact, read_sums
from tests.unit.detectors.merchants.telling import START, TIMING, Entry, plain_sums

YEAR = 365 * 24
MIDNIGHT = START // 24 * 24


def folded(profile: MerchantProfile | None, entries: list[Entry], edge: int) -> MerchantProfile:
    """The memory after entries of one source, by way of its bytes."""
    totals: dict[int, HourTotals] = {}
    for each in entries:
        if isinstance(each, Payment):
            total = totals.setdefault(each.hour, HourTotals())
            total.count += 1
            total.deviation += each.z_milli or 0
    labels = [each for each in entries if isinstance(each, LabelChange)]
    return decode_profile(encode_profile(fold(profile, totals, labels, edge, TIMING, [0] * len(labels))))


def paid(*hours: int, z_milli: int | None = 0) -> list[Entry]:
    return [Payment(position, "M1", hour, z_milli) for position, hour in enumerate(hours)]


class TestForgetting:
    @given(st.lists(st.integers(0, 40 * 24), max_size=30), st.integers(0, 400))
    def test_what_is_merged_or_dropped_is_missed_by_no_reader_who_is_told_that_it_is_exact(
        self, after: list[int], behind: int
    ) -> None:
        """Any reader, however far behind: exact by its own word, or told that it is not."""
        entries = paid(*(START + hour for hour in after), z_milli=-7)
        entries += [LabelChange(position, "M1", START - 100 + hour, 1) for position, hour in enumerate(after)]
        newest = max((START + hour for hour in after), default=START)
        profile = folded(None, entries, newest + 1)
        reader = newest + 1 - behind
        if is_exact(profile, reader, TIMING):
            assert read_sums(profile, reader, TIMING) == plain_sums(entries, "M1", reader)
        assert is_exact(profile, reader, TIMING) or behind > 48 + 1

    def test_a_reader_too_far_behind_is_told_so(self) -> None:
        profile = folded(None, paid(START, START + 20 * 24), START + 20 * 24 + 1)
        assert is_exact(profile, START + 18 * 24, TIMING)
        assert not is_exact(profile, START + 17 * 24 - 1, TIMING)

    def test_nothing_is_exact_to_everybody(self) -> None:
        assert is_exact(MerchantProfile(), 0, TIMING)
        assert read_sums(MerchantProfile(), START, TIMING) == NOTHING

    @pytest.mark.parametrize("years", [1, 5, 7, 8, 20])
    def test_a_pause_of_years_leaves_nothing_of_what_was_before(self, years: int) -> None:
        before = paid(START, z_milli=900)
        after = paid(START + years * YEAR)
        profile = folded(folded(None, before, START + 1), after, START + years * YEAR + 1)
        reader = START + years * YEAR + 1
        assert read_sums(profile, reader, TIMING) == plain_sums(after, "M1", reader)

    @pytest.mark.parametrize("first", [65_535 - START % 24 - 30, 65_535 - START % 24, 65_535])
    def test_payments_after_a_pause_of_seven_years_all_count_though_they_are_folded_together(
        self, first: int
    ) -> None:
        after = paid(START + first, START + first + 1, START + first + 40)
        profile = folded(folded(None, paid(START), START + 1), after, START + first + 41)
        reader = START + first + 41
        assert read_sums(profile, reader, TIMING) == plain_sums(after, "M1", reader)

    def test_frauds_are_forgotten_with_the_payments_that_no_window_reaches(self) -> None:
        profile = folded(None, [*paid(START), LabelChange(1, "M1", START - 168, 1)], START + 1)
        assert len(profile.fraud_hours) == 1
        assert folded(profile, paid(START + 60 * 24), START + 60 * 24 + 1).fraud_hours == ()


class TestFrauds:
    def test_a_fraud_taken_back_in_its_own_hour_leaves_no_trace(self) -> None:
        changes: list[Entry] = [LabelChange(1, "M1", START, 1), LabelChange(2, "M1", START, -1)]
        assert folded(None, changes, START + 1).fraud_hours == ()

    def test_no_window_holds_fewer_than_no_frauds(self) -> None:
        """A fraud of day one is taken back on day three: day three alone would be negative."""
        changes: list[Entry] = [LabelChange(1, "M1", MIDNIGHT, 1), LabelChange(2, "M1", MIDNIGHT + 48, -1)]
        profile = folded(None, changes, MIDNIGHT + 400)
        assert read_sums(profile, MIDNIGHT + 168 + 24, TIMING).frauds == (1, 1, 1)
        assert read_sums(profile, MIDNIGHT + 168 + 49, TIMING).frauds == (0, 0, 0)

    def test_labels_are_known_by_source_and_position(self) -> None:
        change = LabelChange(5, "M1", START, 1)
        totals: dict[int, HourTotals] = {}
        one = fold(None, totals, [change], START, TIMING, [0])
        assert fold(one, totals, [change], START, TIMING, [0]) == one
        assert fold(one, totals, [change], START, TIMING, [1]).frauds == (2,)


class TestBytes:
    @pytest.mark.parametrize("count", [1, 65_535, 65_536, 2**24])
    def test_large_counts_and_deviations_survive(self, count: int) -> None:
        profile = fold(None, {START: HourTotals(count, -8000 * count)}, [], START + 1, TIMING, [])
        sums = read_sums(decode_profile(encode_profile(profile)), START + 1, TIMING)
        assert (sums.payments[0], sums.deviations[0]) == (count, -8000 * count)

    def test_what_is_no_memory_or_of_another_release_is_refused(self) -> None:
        with pytest.raises(MemoryFormatError, match="cannot be read"):
            decode_profile(b"\xc1")
        with pytest.raises(MemoryFormatError, match="version 99"):
            decode_profile(msgspec.msgpack.encode([99]))

    @pytest.mark.parametrize("step", [1, 24, 20 * 24, 100 * 24], ids=["hours", "days", "weeks", "at once"])
    def test_a_busy_merchant_stays_as_small_in_whatever_steps_its_hours_are_closed(self, step: int) -> None:
        """A payment every hour for a hundred days: 30 merged days beside at most ten days of hours."""
        profile = None
        for hour in range(MIDNIGHT, MIDNIGHT + 100 * 24, step):
            profile = folded(profile, paid(*range(hour, hour + step)), hour + step)
        assert profile is not None
        assert len(hours_of(profile)) <= 31 + 11 * 24
        assert len(encode_profile(profile)) < 2600


def test_labels_that_come_again_after_a_crash_leave_no_trace() -> None:
    """Else the bytes would tell of the crash: the memory would be folded up to a later hour than without it."""
    entries: list[Entry] = [*paid(START), LabelChange(1, "M1", START - 3, 1)]
    once = folded(None, entries, START + 1)
    assert folded(once, entries, START + 2) == once
