import numpy as np

from detectors.evaluation.scored import DAY, moment, week_borders
from tests.unit.detectors.evaluation.payments import START, scored


def test_weeks_begin_on_mondays_in_utc() -> None:
    time = np.array([START - 1, START, START + 7 * DAY - 1, START + 7 * DAY])
    weeks = week_borders(time)
    assert [(f"{moment(monday):%A %H:%M %Z}", rows) for monday, rows in weeks] == [
        ("Monday 00:00 UTC", slice(0, 1)),
        ("Monday 00:00 UTC", slice(1, 3)),
        ("Monday 00:00 UTC", slice(3, 4)),
    ]
    assert [monday for monday, _ in weeks] == [START - 7 * DAY, START, START + 7 * DAY]


def test_weeks_before_1970_are_weeks_too() -> None:
    assert [rows for _, rows in week_borders(np.array([-8 * DAY, -DAY]))] == [slice(0, 1), slice(1, 2)]


def test_no_payments_have_no_weeks() -> None:
    assert week_borders(np.array([], dtype=np.int64)) == []


def test_a_slice_of_payments_copies_nothing() -> None:
    payments = scored(10)
    assert np.shares_memory(payments.where(slice(3, 5)).features, payments.features)
