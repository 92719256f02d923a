"""Weeks on a page: their names, and the axis that they stand on."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from detectors.evaluation.evaluate import Week
from scripts.backtest_report.charts import Axis
from scripts.backtest_report.numbers import day

MOST_TICKS = 8
"""More dates than that would overlap."""
WEEK_SECONDS = timedelta(days=7).total_seconds()


def mondays(weeks: Sequence[Week]) -> Axis:
    """Return the axis of the weeks' Mondays, in seconds since 1970."""
    starts = sorted({week.monday.timestamp() for week in weeks}) or [0.0]
    step = -(-len(starts) // MOST_TICKS)
    return Axis("week from (UTC)", starts[0], starts[-1] + WEEK_SECONDS, starts[::step], _date)


def middle(week: Week) -> float:
    """Return where a week stands on that axis: in the middle of its payments, in seconds since 1970."""
    quality = week.quality
    return (quality.first_event_time.timestamp() + quality.last_event_time.timestamp()) / 2


def week_names(weeks: Sequence[Week]) -> list[str]:
    """Name each week by its Monday; a week that training ended in is there twice, and says which part is meant."""
    twice = {week.monday for week in weeks if week.trained} & {week.monday for week in weeks if not week.trained}
    return [
        day(week.monday)
        + ("" if not week.trained else ", trained on")
        + (", rest" if week.monday in twice and not week.trained else "")
        for week in weeks
    ]


def _date(seconds: float) -> str:
    return day(datetime.fromtimestamp(seconds, UTC))
