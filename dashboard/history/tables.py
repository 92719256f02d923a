"""Downloads: the figures of an answer as CSV tables (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from dashboard.errors import RequestError
from dashboard.history.answer import (
    Answer,
    BundleUse,
    Day,
    Group,
    Hour,
    LevelShare,
    ReasonCount,
    ScoreStep,
    ValueAtRisk,
)
from detectors.evaluation.ranking import Interval

STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell of text that begins so would be computed (OWASP, CSV injection); it gets an apostrophe in front."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of the range, with what it rests on."""

    figure: str
    value: float | None
    low: float | None = None
    """Ends of the 95 % interval."""
    high: float | None = None
    of: int | None = None
    """Payments that it is a share of, or was estimated from."""


def _figures(answer: Answer) -> Sequence[Figure]:
    totals, precision = answer.totals, answer.precision
    told, sample = answer.recall.chargebacks, answer.recall.sample
    return (
        Figure(figure="payments", value=totals.payments),
        Figure(figure="accounts", value=totals.accounts),
        Figure(figure="payments_high_or_above", value=totals.risky, of=totals.payments),
        Figure(figure="alerts", value=totals.alerts, of=totals.payments),
        Figure(figure="alerted_accounts", value=totals.alerted_accounts, of=totals.accounts),
        Figure(figure="replayed_payments_left_out", value=totals.backfill_left_out),
        Figure(figure="share_high_or_above", value=answer.alert_rate.share, of=totals.payments),
        Figure(figure="alert_budget", value=answer.alert_rate.budget),
        _share("precision_at_alert_budget", precision.share, precision.interval, precision.decided),
        _share("recall_from_chargebacks", told.share, told.interval, told.frauds),
        _share("missed_frauds_from_random_checks", sample.missed, sample.missed_interval, sample.checked),
        _share("recall_from_random_checks", sample.share, sample.interval, sample.checked),
    )


def _share(figure: str, value: float | None, interval: Interval | None, of: int) -> Figure:
    low, high = (None, None) if interval is None else (interval.low, interval.high)
    return Figure(figure=figure, value=value, low=low, high=high, of=of)


TABLES: Final[dict[str, tuple[type[msgspec.Struct], Callable[[Answer], Sequence[msgspec.Struct]]]]] = {
    "figures": (Figure, _figures),
    "days": (Day, lambda answer: answer.days),
    "by_hour": (Hour, lambda answer: answer.hours),
    "scores": (ScoreStep, lambda answer: answer.scores),
    "by_level": (LevelShare, lambda answer: answer.levels),
    "by_country": (Group, lambda answer: answer.countries),
    "by_channel": (Group, lambda answer: answer.channels),
    "value_at_risk": (ValueAtRisk, lambda answer: answer.value_at_risk),
    "reasons": (ReasonCount, lambda answer: answer.reasons),
    "bundles": (BundleUse, lambda answer: answer.bundles),
}
"""By the name that a download is asked for with: kind of row, and the rows."""


def require_table(name: str | None) -> str:
    """Return the name of a table, or raise a `RequestError` that lists them."""
    if name not in TABLES:
        raise RequestError(f"there is no such table: give one of {', '.join(TABLES)}", 400, "table")
    return name


def to_csv(answer: Answer, name: str) -> bytes:
    """Return a table of `TABLES`, UTF-8, with a header; each row also says of which days it is."""
    kind, rows = TABLES[name]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*kind.__struct_fields__, "range_start", "range_end", "backfill"])
    of = [answer.range.start, answer.range.end, int(answer.backfill)]
    for row in rows(answer):
        writer.writerow([_cell(value) for value in [*msgspec.structs.astuple(row), *of]])
    return text.getvalue().encode()


def file_name(answer: Answer, name: str) -> str:
    """Return what a download is called: its table and its days."""
    return f"riskstream-{name}-{answer.range.start}-{answer.range.end}.csv"


def _cell(value: Any) -> Any:
    match value:
        case str() if value.startswith(STARTS_A_FORMULA):
            return f"'{value}"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case bool():
            return int(value)
        case _:
            return value
