"""Puts one question to the archive and its answers together. It blocks: callers run it in a thread."""

from collections.abc import Sequence
from typing import Any

from dashboard.history import counting, judging
from dashboard.history.answer import AlertRate, Answer, LevelShare, Range, Totals
from dashboard.history.connection import opened
from dashboard.history.days import Days
from detectors.assessment import RiskLevel
from detectors.bundle import Manifest
from detectors.labels import Label


def ask(
    archive: Any, held: Days, days: Days, labels: Sequence[Label], manifest: Manifest | None, *, backfill: bool
) -> Answer:
    """Answer everything about some days of an Arrow data set of the archive, which holds objects of `held`.

    Raises:
        ArchiveError: it cannot be read.
    """
    told = judging.labels_of(labels, days)
    with opened(archive, days, backfill=backfill) as connection:
        totals = counting.totals(connection)
        hours = counting.hours(connection, days)
        levels = counting.levels(connection, totals.payments)
        judged = judging.count_judged(connection, told)
        return Answer(
            held=held,
            range=range_of(days),
            backfill=backfill,
            totals=totals,
            alert_rate=_alert_rate(totals, manifest),
            bundles=counting.bundles(connection),
            days=counting.by_day(hours),
            hours=hours,
            scores=counting.scores(connection),
            levels=levels,
            countries=counting.countries(connection),
            channels=counting.channels(connection),
            value_at_risk=counting.value_at_risk(connection),
            reasons=counting.reasons(connection, totals.alerts),
            precision=judging.precision(judged, totals.risky),
            precision_by_level={level: _precision(judged, levels, level) for level in judging.RISKY},
            recall=judging.recall(judged, told, totals.payments - totals.risky),
        )


def range_of(days: Days) -> Range:
    """Return days as times."""
    return Range(start=days.start, end=days.end, days=len(days), since=days.since, until=days.until)


def _alert_rate(totals: Totals, manifest: Manifest | None) -> AlertRate:
    return AlertRate(
        share=counting.share(totals.risky, totals.payments),
        budget=None if manifest is None else manifest.budgets.high,
        budget_version=None if manifest is None else manifest.version,
    )


def _precision(judged: judging.Judged, levels: Sequence[LevelShare], level: RiskLevel) -> Any:
    payments = next(each.payments for each in levels if each.level == level)
    return judging.precision(judged, payments, (level,))
