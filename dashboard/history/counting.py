"""The questions that count payments: each is a fixed statement over the views of the archive.

The views are those of `sinks/tables/views.py`; what they answer is not asked a second time here.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import duckdb

from dashboard.history.answer import (
    BundleUse,
    Day,
    Group,
    Hour,
    LevelShare,
    ReasonCount,
    ScoreStep,
    Totals,
    ValueAtRisk,
)
from dashboard.history.days import Days
from detectors.assessment import LEVELS

MOST_GROUPS: Final = 100
"""Values that are told one by one; channels are free text."""
HOURS_A_DAY: Final = 24
DECIMALS: Final = 6
"""Of a sum of amounts: its last bits follow from which thread came first."""

_TOTALS: Final = """\
SELECT count(*), count(DISTINCT account_id),
    count(*) FILTER (WHERE risk_level IN ('high', 'critical')),
    count(*) FILTER (WHERE alert IN ('new', 'escalation')),
    count(DISTINCT account_id) FILTER (WHERE alert IN ('new', 'escalation')),
    (SELECT count(*) FROM held) - count(*)
FROM assessments"""
_BUNDLES: Final = """\
SELECT bundle_version, score_kind, bool_or(provisional), count(*) AS payments
FROM assessments GROUP BY 1, 2 ORDER BY payments DESC, 1, 2"""
_HOURS: Final = """\
WITH payments AS (
    SELECT date_trunc('hour', event_time) AS hour, count(*) AS payments,
        count(*) FILTER (WHERE risk_level IN ('high', 'critical')) AS risky
    FROM assessments GROUP BY 1
)
SELECT epoch_us(hour), payments, risky, coalesce(alerts, 0), coalesce(critical, 0)
FROM payments LEFT JOIN alerts_per_hour USING (hour)"""
_SCORES: Final = """\
SELECT score_kind, score_from, score_to, sum(payments), sum(alerts)
FROM score_distribution GROUP BY 1, 2, 3 ORDER BY 1, 2"""
_LEVELS: Final = """\
SELECT risk_level, count(*), count(*) FILTER (WHERE alert IN ('new', 'escalation'))
FROM assessments GROUP BY 1"""
_COUNTRIES: Final = """\
SELECT country, sum(payments) AS payments, sum(risky_payments), sum(alerts)
FROM by_country GROUP BY 1 ORDER BY payments DESC, 1"""
_CHANNELS: Final = """\
SELECT channel, count(*) AS payments, count(*) FILTER (WHERE risk_level IN ('high', 'critical')),
    count(*) FILTER (WHERE alert IN ('new', 'escalation'))
FROM assessments GROUP BY 1 ORDER BY payments DESC, 1"""
_VALUE: Final = """\
SELECT currency, sum(payments) AS payments, sum(amount), max(largest_amount)
FROM value_at_risk GROUP BY 1 ORDER BY payments DESC, 1"""
_REASONS: Final = """\
SELECT code, count(*) AS alerts
FROM (SELECT unnest(list_distinct(reason_codes)) AS code FROM assessments WHERE alert IN ('new', 'escalation'))
GROUP BY 1 ORDER BY alerts DESC, 1"""


def totals(connection: duckdb.DuckDBPyConnection) -> Totals:
    """Count everything once."""
    payments, accounts, risky, alerts, alerted, left_out = _rows(connection, _TOTALS)[0]
    return Totals(
        payments=payments,
        accounts=accounts,
        risky=risky,
        alerts=alerts,
        alerted_accounts=alerted,
        backfill_left_out=left_out,
    )


def bundles(connection: duckdb.DuckDBPyConnection) -> tuple[BundleUse, ...]:
    """Return who assessed, the busiest bundle first."""
    return tuple(
        BundleUse(version=version, score_kind=kind, provisional=provisional, payments=payments)
        for version, kind, provisional, payments in _rows(connection, _BUNDLES)
    )


def hours(connection: duckdb.DuckDBPyConnection, days: Days) -> tuple[Hour, ...]:
    """Return every hour of the days, oldest first."""
    counted = {micros: rest for micros, *rest in _rows(connection, _HOURS)}
    found = []
    for number in range(len(days) * HOURS_A_DAY):
        hour = days.since + timedelta(hours=number)
        payments, risky, alerts, critical = counted.get(int(hour.timestamp()) * 1_000_000, (0, 0, 0, 0))
        found.append(Hour(hour=hour, payments=payments, risky=risky, alerts=alerts, critical=critical))
    return tuple(found)


def by_day(counted: Sequence[Hour]) -> tuple[Day, ...]:
    """Add up whole days of 24 hours."""
    starts = range(0, len(counted), HOURS_A_DAY)
    return tuple(_day(counted[start].hour.date(), counted[start : start + HOURS_A_DAY]) for start in starts)


def _day(day: date, counted: Sequence[Hour]) -> Day:
    return Day(
        date=day,
        payments=sum(hour.payments for hour in counted),
        risky=sum(hour.risky for hour in counted),
        alerts=sum(hour.alerts for hour in counted),
        critical=sum(hour.critical for hour in counted),
    )


def scores(connection: duckdb.DuckDBPyConnection) -> tuple[ScoreStep, ...]:
    """Return steps that hold payments, by kind of score."""
    return tuple(
        ScoreStep(score_kind=kind, score_from=low, score_to=high, payments=payments, alerts=alerts)
        for kind, low, high, payments, alerts in _rows(connection, _SCORES)
    )


def levels(connection: duckdb.DuckDBPyConnection, payments: int) -> tuple[LevelShare, ...]:
    """Return all four levels, lowest first; `payments` are those of the range."""
    counted = {level: (count, alerts) for level, count, alerts in _rows(connection, _LEVELS)}
    found = []
    for level in LEVELS:
        count, alerts = counted.get(level, (0, 0))
        found.append(LevelShare(level=level, payments=count, share=share(count, payments), alerts=alerts))
    return tuple(found)


def countries(connection: duckdb.DuckDBPyConnection) -> tuple[Group, ...]:
    """Return countries of payments, the busiest first."""
    return _groups(_rows(connection, _COUNTRIES))


def channels(connection: duckdb.DuckDBPyConnection) -> tuple[Group, ...]:
    """Return channels of payments, the busiest first."""
    return _groups(_rows(connection, _CHANNELS))


def value_at_risk(connection: duckdb.DuckDBPyConnection) -> tuple[ValueAtRisk, ...]:
    """Return what is at risk, by currency."""
    return tuple(
        ValueAtRisk(currency=currency, payments=payments, amount=round(amount, DECIMALS), largest_amount=largest)
        for currency, payments, amount, largest in _rows(connection, _VALUE)
    )


def reasons(connection: duckdb.DuckDBPyConnection, alerts: int) -> tuple[ReasonCount, ...]:
    """Return causes of alerts, the most frequent first; `alerts` are those of the range."""
    return tuple(
        ReasonCount(code=code, alerts=count, share=count / alerts) for code, count in _rows(connection, _REASONS)
    )


def share(part: int, whole: int) -> float | None:
    """Return a share; None of nothing."""
    return part / whole if whole else None


def _groups(rows: Sequence[Any]) -> tuple[Group, ...]:
    """Return the first rows, and one that sums up the rest."""
    told, rest = rows[:MOST_GROUPS], rows[MOST_GROUPS:]
    found = [
        Group(value=value, others=0, payments=payments, risky=risky, alerts=alerts)
        for value, payments, risky, alerts in told
    ]
    if rest:
        payments, risky, alerts = (sum(row[column] for row in rest) for column in (1, 2, 3))
        found.append(Group(value=None, others=len(rest), payments=payments, risky=risky, alerts=alerts))
    return tuple(found)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    return connection.execute(sql).fetchall()
