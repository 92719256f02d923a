"""Writes numbers for people: always the same number of digits, a dash where there is none to tell."""

from datetime import datetime, timedelta

from detectors.evaluation.evaluate import Quality
from detectors.evaluation.ranking import Interval

NONE = "-"


def count(value: int) -> str:
    """Write a whole number.

    >>> count(1303778)
    '1,303,778'
    """
    return f"{value:,}"


def percent(value: float | None) -> str:
    """Write a share; small ones get more digits.

    >>> percent(0.4567), percent(0.00512), percent(0.00005), percent(0.0), percent(None)
    ('45.7%', '0.51%', '0.005%', '0%', '-')
    """
    if value is None:
        return NONE
    if value == 0.0:
        return "0%"
    if value == 1.0:
        return "100%"
    size = abs(value)
    return f"{value:.1%}" if size >= 0.1 else f"{value:.2%}" if size >= 0.001 else f"{value:.3%}"


def tick(value: float) -> str:
    """Write a share beside an axis.

    >>> tick(0.0005), tick(0.02), tick(1.0)
    ('0.05%', '2%', '100%')
    """
    return f"{round(value * 100, 6):g}%"


def ratio(value: float | None) -> str:
    """Write a metric.

    >>> ratio(0.61234)
    '0.612'
    """
    return NONE if value is None else f"{value:.3f}"


def fine(value: float | None) -> str:
    """Write a small metric, such as a Brier score.

    >>> fine(0.0024449)
    '0.00244'
    """
    return NONE if value is None else f"{value:.5f}"


def money(value: float, currency: str) -> str:
    """Write an amount.

    >>> money(1234.5, "EUR")
    '1,234 EUR'
    """
    return f"{value:,.0f} {currency}"


def between(interval: Interval | None, digits: int = 3) -> str:
    """Write a 95 % interval, a zero without a sign.

    >>> between(Interval(low=-0.0001, high=0.6))
    '0.000 to 0.600'
    """
    if interval is None:
        return NONE
    low, high = (round(end, digits) + 0.0 for end in (interval.low, interval.high))
    return f"{low:.{digits}f} to {high:.{digits}f}"


def day(time: datetime) -> str:
    """Write a UTC date."""
    return f"{time:%Y-%m-%d}"


def span(first: datetime, last: datetime) -> str:
    """Write a time range in UTC days, both included."""
    return day(first) if day(first) == day(last) else f"{day(first)} to {day(last)}"


def range_of(quality: Quality) -> str:
    """Write when some payments were made."""
    return f"{span(quality.first_event_time, quality.last_event_time)} UTC"


def days_of(quality: Quality) -> float:
    """Return how long the payments took, in days, at least one."""
    return max((quality.last_event_time - quality.first_event_time) / timedelta(days=1), 1.0)
