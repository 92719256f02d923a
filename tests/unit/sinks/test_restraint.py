"""Facts about which alerts people are told of."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.assessment import LEVELS, RiskLevel
from sinks.alerts import AlertEvent, alert_event, decode_alert
from sinks.restraint import HeldBack, Judge, Restraint, TokenBucket
from tests.unit.sinks.assessments import EVENT_TIME, assessment, transaction


def event(number: int = 1, **changes: Any) -> AlertEvent:
    return decode_alert(alert_event(assessment(number, **changes), transaction()))


class TestJudge:
    @pytest.mark.parametrize("least", LEVELS)
    @pytest.mark.parametrize("level", LEVELS)
    def test_only_a_level_and_graver_ones_are_told(self, level: RiskLevel, least: RiskLevel) -> None:
        verdict = Judge(Restraint(level=least)).judge(event(risk_level=level), 0.0, 0.0)

        assert verdict == ("publish" if LEVELS.index(level) >= LEVELS.index(least) else "below_level")

    def test_history_alerts_nobody(self) -> None:
        assert Judge(Restraint()).judge(event(backfill=True), 0.0, 0.0) == "backfill"

    def test_old_alerts_are_no_news(self) -> None:
        judge = Judge(Restraint(max_age_seconds=60))

        assert [judge.judge(event(), age, 0.0) for age in (-5.0, 60.0, 60.1)] == ["publish", "publish", "old"]

    def test_what_is_not_told_leaves_room_for_what_is(self) -> None:
        judge = Judge(Restraint(per_minute=1))

        assert judge.judge(event(backfill=True), 0.0, 0.0) == "backfill"
        assert judge.judge(event(), 1e9, 0.0) == "old"
        assert [judge.judge(event(), 0.0, 0.0) for _ in range(2)] == ["publish", "held_back"]


@given(
    st.integers(1, 100),
    st.lists(st.floats(0, 30, allow_nan=False), max_size=300),
)
def test_in_any_minute_no_more_than_twice_the_rate_passes(per_minute: int, waits: list[float]) -> None:
    """A full bucket, and what flows in meanwhile."""
    bucket, now, passed = TokenBucket(per_minute), 0.0, []
    for wait in waits:
        now += wait
        if bucket.take(now):
            passed.append(now)

    for start in passed:
        assert sum(start <= moment < start + 60 for moment in passed) <= 2 * per_minute


def test_a_long_quiet_time_saves_up_no_more_than_a_minute() -> None:
    bucket = TokenBucket(10)
    assert bucket.take(0.0)

    assert sum(bucket.take(86_400.0) for _ in range(100)) == 10


@given(st.integers(1, 600))
def test_whoever_keeps_to_the_rate_is_never_held_back(per_minute: int) -> None:
    bucket = TokenBucket(per_minute)

    assert all(bucket.take(index * 60 / per_minute + 1e-6 * index) for index in range(200))


class TestHeldBack:
    def test_it_counts_levels_reasons_and_the_times_between(self) -> None:
        held = HeldBack()
        for number, level in enumerate(("high", "critical", "high")):
            held.add(event(number, risk_level=level, event_time=EVENT_TIME - timedelta(hours=number)))

        assert len(held) == 3
        assert held.levels == {"high": 2, "critical": 1}
        assert held.gravest == "critical"
        assert held.reasons == {"AMOUNT_ABOVE_ACCOUNT_NORM": 3, "NEW_DEVICE": 3}
        assert (held.first, held.last) == (EVENT_TIME - timedelta(hours=2), EVENT_TIME)

    def test_an_alert_that_comes_twice_counts_once(self) -> None:
        held = HeldBack()
        for _ in range(2):
            held.add(event())

        assert (len(held), held.levels["high"]) == (1, 1)
