"""Precision and recall from labels: only what they can tell, with how many of them tell it.

Analysts see alerts only. What they say therefore tells how many alerts are frauds, and nothing of the frauds that
raised no alert; those are known from chargebacks, and from payments checked at random.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from dashboard.history.answer import ChargebackRecall, Precision, Recall, SampleRecall
from dashboard.history.counting import share
from dashboard.history.days import Days
from detectors.assessment import RiskLevel
from detectors.evaluation.honesty import wilson
from detectors.evaluation.ranking import Interval
from detectors.labels import LABEL_SOURCES, Label, LabelSource

RISKY: Final[tuple[RiskLevel, ...]] = ("high", "critical")

_SCHEMA: Final = pa.schema(
    [(name, pa.string()) for name in ("transaction_id", "account_id", "disposition", "source")]
)
# A payment that two bundles assessed is one payment, of the higher level.
_JUDGED: Final = """\
SELECT source, disposition, ['low', 'medium', 'high', 'critical'][level], count(*)
FROM (
    SELECT transaction_id, account_id, source, disposition,
        max(list_position(['low', 'medium', 'high', 'critical'], risk_level)) AS level
    FROM labels JOIN assessments USING (transaction_id, account_id)
    GROUP BY ALL
)
GROUP BY ALL"""

Judged = dict[tuple[LabelSource, str, RiskLevel], int]
"""Labelled payments of the range: how many by source, disposition and level."""


def labels_of(labels: Iterable[Label], days: Days) -> list[Label]:
    """Return the labels of payments of some days."""
    return [label for label in labels if days.since <= label.event_time < days.until]


def count_judged(connection: duckdb.DuckDBPyConnection, labels: Sequence[Label]) -> Judged:
    """Count labelled payments that the archive holds."""
    columns = [[getattr(label, name) for label in labels] for name in _SCHEMA.names]
    table: Any = pa.table(columns, schema=_SCHEMA)
    connection.register("labels", table)
    return {(source, told, level): count for source, told, level, count in connection.execute(_JUDGED).fetchall()}


def precision(judged: Judged, risky: int, levels: Sequence[RiskLevel] = RISKY) -> Precision:
    """Tell what became of `risky` payments of some levels."""
    confirmed = _count(judged, levels, ("confirmed_fraud",))
    decided = confirmed + _count(judged, levels, ("false_positive",))
    # Where reported frauds are all that is known, they are all of what is known, whatever alerts are worth.
    reported = _count(judged, levels, ("confirmed_fraud",), ("chargeback",))
    telling = 0 if reported == decided else decided
    return Precision(
        risky=risky,
        decided=decided,
        confirmed=confirmed,
        inconclusive=_count(judged, levels, ("inconclusive",)),
        share=share(confirmed, telling),
        interval=_interval(confirmed, telling),
        decided_by={
            source: _count(judged, levels, ("confirmed_fraud", "false_positive"), (source,))
            for source in LABEL_SOURCES
        },
    )


def recall(judged: Judged, labels: Sequence[Label], below: int) -> Recall:
    """Tell how many frauds were found; `labels` are those of the range, `below` its payments below high."""
    return Recall(chargebacks=_of_chargebacks(judged, labels), sample=_of_sample(judged, below))


def _of_chargebacks(judged: Judged, labels: Sequence[Label]) -> ChargebackRecall:
    told = sum(label.source == "chargeback" and label.disposition == "confirmed_fraud" for label in labels)
    alerted = _count(judged, RISKY, ("confirmed_fraud",), ("chargeback",))
    frauds = alerted + _count(judged, _BELOW, ("confirmed_fraud",), ("chargeback",))
    return ChargebackRecall(
        frauds=frauds,
        alerted=alerted,
        not_found=told - frauds,
        share=share(alerted, frauds),
        interval=_interval(alerted, frauds),
    )


def _of_sample(judged: Judged, below: int) -> SampleRecall:
    confirmed = _count(judged, _BELOW, ("confirmed_fraud",), ("random_review",))
    checked = confirmed + _count(judged, _BELOW, ("false_positive",), ("random_review",))
    caught = _count(judged, RISKY, ("confirmed_fraud",))
    missed, rate = share(confirmed * below, checked), _interval(confirmed, checked)
    if missed is None or rate is None:
        return SampleRecall(
            payments=below, checked=0, confirmed=0, missed=None, missed_interval=None, caught=caught,
            share=None, interval=None,
        )  # fmt: skip
    fewest, most = rate.low * below, rate.high * below
    known = caught > 0 or confirmed > 0
    return SampleRecall(
        payments=below,
        checked=checked,
        confirmed=confirmed,
        missed=missed,
        missed_interval=Interval(low=fewest, high=most),
        caught=caught,
        share=caught / (caught + missed) if known else None,
        interval=Interval(low=_found(caught, most), high=_found(caught, fewest)) if known else None,
    )


_BELOW: Final[tuple[RiskLevel, ...]] = ("low", "medium")


def _found(caught: int, missed: float) -> float:
    return caught / (caught + missed) if caught else 0.0


def _interval(part: int, whole: int) -> Interval | None:
    return wilson(part, whole) if whole else None


def _count(
    judged: Judged,
    levels: Sequence[RiskLevel],
    dispositions: Sequence[str],
    sources: Sequence[LabelSource] = LABEL_SOURCES,
) -> int:
    return sum(
        count
        for (source, told, level), count in judged.items()
        if level in levels and told in dispositions and source in sources
    )
