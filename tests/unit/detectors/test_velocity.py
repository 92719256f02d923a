import math

import pytest

from detectors.velocity import velocities
from detectors.windows import DAY, HOUR, MAX_EXACT, RecentPayments

START = 1_700_000_000


def test_counts_and_amounts_are_logs_and_the_ratio_compares_the_day_with_the_month() -> None:
    recent = RecentPayments()
    for ago, cents in ((20 * DAY, 500), (3 * DAY, 250), (2 * HOUR, 125), (60, 1000)):
        recent.learn(START - ago, cents)
    [(columns, approximate)] = velocities([recent.ask(START)])
    counts = [math.log1p(count) for count in (1, 2, 3, 4)]
    amounts = [math.log1p(amount) for amount in (11.25, 13.75, 18.75)]
    assert columns == pytest.approx([*counts, *amounts, math.log(3 / (4 / 30 + 1))], rel=1e-14)
    assert not approximate


def test_each_moment_has_its_own_answer_however_many_are_asked_together() -> None:
    busy, quiet = RecentPayments(), RecentPayments()
    for second in range(MAX_EXACT + 10):
        busy.learn(START + second, 10**13)
    asked = [quiet.ask(START), busy.ask(START + DAY), quiet.ask(START + DAY), busy.ask(START + 90 * DAY)]
    together = velocities(asked)
    assert together == [velocities([each])[0] for each in asked]
    assert [approximate for _, approximate in together] == [False, True, False, False]
    assert together[0][0] == [0.0] * 8


def test_nothing_asked_is_nothing_answered() -> None:
    assert velocities([]) == []
