from array import array

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.packing import pack, unpack
from detectors.windows import DAY, HOUR, MAX_EXACT, MONTH, WEEK, RecentPayments

_WINDOWS = (HOUR, DAY, WEEK, MONTH)
_START = 1_700_000_000
_times = st.integers(0, 60 * DAY) | st.integers(0, 2 * DAY) | st.integers(0, 40).map(lambda hours: hours * HOUR)
_payments = st.lists(st.tuples(_times, st.integers(0, 10**6) | st.integers(0, 10**13)), max_size=60)


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
        totals = recent.totals(now)
        assert (totals.count_1h, totals.count_1d, totals.count_7d, totals.count_30d) == tuple(map(len, seen))
        assert (totals.cents_1d, totals.cents_7d, totals.cents_30d) == tuple(map(sum, seen[1:]))
        assert not totals.approximate
        recent.learn(now, cents)
        known.append((now, cents))
        recent = RecentPayments(*recent.packed())


def test_a_window_holds_its_far_edge_and_not_the_payment_itself() -> None:
    recent = RecentPayments()
    recent.learn(_START, 100)
    assert recent.totals(_START).count_1d == 0
    assert recent.totals(_START + DAY).count_1d == 1
    assert recent.totals(_START + DAY + 1).count_1d == 0


def test_payments_beyond_the_bound_are_known_by_their_hour() -> None:
    """One payment a minute: the month's count stays right to within the hour at its far edge."""
    recent = RecentPayments()
    for minute in range(1000):
        assert recent.totals(_START + 60 * minute).approximate == (minute > MAX_EXACT)
        recent.learn(_START + 60 * minute, 5)
    totals = recent.totals(_START + 60_000)
    assert (totals.count_30d, totals.cents_30d, totals.approximate) == (1000, 5000, True)
    assert totals.count_1h == 60


def test_hours_leave_their_window_whole() -> None:
    recent = RecentPayments()
    for second in range(MAX_EXACT + 10):
        recent.learn(1_699_999_200 + second, 1)  # the start of an hour
    assert recent.totals(1_699_999_200 + DAY).count_1d == MAX_EXACT + 10
    assert recent.totals(1_699_999_200 + DAY + 1).count_1d == MAX_EXACT


def test_packed_payments_stay_small_for_ten_thousand() -> None:
    recent = RecentPayments()
    for number in range(10_000):
        recent.learn(_START + 240 * number, 12_345)
    _, times, cents, hours = recent.packed()
    assert len(times) == 3 * MAX_EXACT
    assert len(cents) == 2 * MAX_EXACT
    assert len(hours) <= 3 * 30 * 24


def test_amounts_take_no_more_bytes_than_the_largest_in_the_month_needs() -> None:
    recent = RecentPayments()
    widths = []
    for day, cents in enumerate([100, 70_000, 2**40, *[100] * 40]):
        recent.learn(_START + day * DAY, cents)
        _, times, packed, _ = recent.packed()
        widths.append(3 * len(packed) // len(times))
    assert widths[:3] == [2, 3, 8]
    assert widths[-1] == 2


def test_times_take_three_bytes_however_long_an_account_lives() -> None:
    recent = RecentPayments()
    for day in range(0, 1000, 5):
        recent.learn(_START + day * DAY, 100)
        _, times, cents, _ = recent.packed()
        assert len(times) == 3 * len(cents) // 2
        recent = RecentPayments(*recent.packed())
        assert recent.youngest == _START + day * DAY
        assert recent.totals(_START + day * DAY + 1).count_30d == min(day // 5 + 1, 6)


def test_a_payment_over_a_month_late_is_forgotten_at_once() -> None:
    recent = RecentPayments()
    recent.learn(_START, 100)
    before = recent.packed()
    recent.learn(_START - MONTH - 1, 100)
    assert recent.packed() == before


@given(st.lists(st.integers(0, 2**20), min_size=1) | st.lists(st.integers(0, 2**64 - 1), min_size=1))
@settings(max_examples=25, deadline=None)
def test_numbers_survive_packing(numbers: list[int]) -> None:
    packed = pack(array("Q", numbers))
    assert list(unpack(packed, len(numbers))) == numbers
    needed = -(-max(numbers).bit_length() // 8)
    assert len(packed) == len(numbers) * (needed if 2 <= needed <= 4 else 8 if needed > 4 else 2)
