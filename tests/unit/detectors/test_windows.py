from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.packing import Packed, pack_lists, unpack_lists
from detectors.windows import DAY, HOUR, MAX_EXACT, MONTH, WEEK, RecentPayments, totals

_WINDOWS = (HOUR, DAY, WEEK, MONTH)
_START = 1_700_000_000
_times = st.integers(0, 60 * DAY) | st.integers(0, 2 * DAY) | st.integers(0, 40).map(lambda hours: hours * HOUR)
_payments = st.lists(st.tuples(_times, st.integers(0, 10**6) | st.integers(0, 10**13)), max_size=60)


class Seen(NamedTuple):
    """The totals at one moment."""

    count_1h: int
    count_1d: int
    count_7d: int
    count_30d: int
    cents_1d: float
    cents_7d: float
    cents_30d: float
    approximate: bool


def asked(recent: RecentPayments, now: int) -> Seen:
    sums = totals([recent.ask(now)])
    return Seen(*sums.counts[:, 0].tolist(), *sums.cents[:, 0].tolist(), sums.approximate[0])


def stored(recent: RecentPayments) -> Packed:
    return pack_lists([recent.times], [recent.cents])[0]


def again(recent: RecentPayments) -> RecentPayments:
    """The same payments, by way of their stored form."""
    return RecentPayments(*unpack_lists([stored(recent)])[0], recent.hours)


@given(_payments)
@settings(max_examples=25, deadline=None)
def test_windows_equal_their_definition_in_any_order_of_arrival(payments: list[tuple[int, int]]) -> None:
    recent = RecentPayments()
    known: list[tuple[int, int]] = []
    for offset, cents in payments:
        now = _START + offset
        youngest = max((time for time, _ in known), default=0)
        seen = [
            [c for time, c in known if now - window <= time < now and time >= youngest - MONTH]
            for window in _WINDOWS
        ]
        sums = asked(recent, now)
        assert (sums.count_1h, sums.count_1d, sums.count_7d, sums.count_30d) == tuple(map(len, seen))
        assert (sums.cents_1d, sums.cents_7d, sums.cents_30d) == tuple(map(sum, seen[1:]))
        assert not sums.approximate
        recent.learn(now, cents)
        known.append((now, cents))
        recent = again(recent)


def test_a_window_holds_its_far_edge_and_not_the_payment_itself() -> None:
    recent = RecentPayments()
    recent.learn(_START, 100)
    assert asked(recent, _START).count_1d == 0
    assert asked(recent, _START + DAY).count_1d == 1
    assert asked(recent, _START + DAY + 1).count_1d == 0


def test_payments_beyond_the_bound_are_known_by_their_hour() -> None:
    """One payment a minute: the month's count stays right to within the hour at its far edge."""
    recent = RecentPayments()
    for minute in range(1000):
        assert asked(recent, _START + 60 * minute).approximate == (minute > MAX_EXACT)
        recent.learn(_START + 60 * minute, 5)
    sums = asked(recent, _START + 60_000)
    assert (sums.count_30d, sums.cents_30d, sums.approximate) == (1000, 5000, True)
    assert sums.count_1h == 60


def test_hours_leave_their_window_whole() -> None:
    recent = RecentPayments()
    for second in range(MAX_EXACT + 10):
        recent.learn(1_699_999_200 + second, 1)  # the start of an hour
    assert asked(recent, 1_699_999_200 + DAY).count_1d == MAX_EXACT + 10
    assert asked(recent, 1_699_999_200 + DAY + 1).count_1d == MAX_EXACT


def test_packed_payments_stay_small_for_ten_thousand() -> None:
    recent = RecentPayments()
    for number in range(10_000):
        recent.learn(_START + 240 * number, 12_345)
    kept = stored(recent)
    assert len(kept.lows) == len(kept.amounts) == 2 * MAX_EXACT
    assert len(kept.highs) <= (MAX_EXACT + 40) / 8 + 1
    assert len(recent.hours) <= 3 * 30 * 24


def test_amounts_take_no_more_bytes_than_the_largest_in_the_month_needs() -> None:
    recent = RecentPayments()
    widths = []
    for day, cents in enumerate([100, 70_000, 2**40, *[100] * 40]):
        recent.learn(_START + day * DAY, cents)
        kept = stored(recent)
        widths.append(2 * len(kept.amounts) // len(kept.lows))
    assert widths[:3] == [2, 3, 8]
    assert widths[-1] == 2


def test_times_take_hardly_more_than_two_bytes_however_long_an_account_lives() -> None:
    recent = RecentPayments()
    for day in range(0, 1000, 5):
        recent.learn(_START + day * DAY, 100)
        kept = stored(recent)
        assert len(kept.lows) == len(kept.amounts)
        assert len(kept.highs) <= (len(kept.lows) // 2 + 40) / 8 + 1
        recent = again(recent)
        assert recent.youngest == _START + day * DAY
        assert asked(recent, _START + day * DAY + 1).count_30d == min(day // 5 + 1, 6)


def test_a_payment_over_a_month_late_is_forgotten_at_once() -> None:
    recent = RecentPayments()
    recent.learn(_START, 100)
    before = recent.times, recent.cents, recent.hours
    recent.learn(_START - MONTH - 1, 100)
    assert (recent.times, recent.cents, recent.hours) == before
