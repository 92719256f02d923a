"""What a page says of a backtest: the JSON of `riskstream backtest --json`, read and cut to what is shown."""

from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from dashboard.errors import DashboardError
from dashboard.models.files import Watched
from dashboard.words import DETECTOR_TITLES
from detectors.assessment import ScoreKind
from detectors.evaluation import Evaluation
from detectors.evaluation.evaluate import Quality
from detectors.evaluation.honesty import Honesty
from detectors.evaluation.ranking import Interval
from detectors.evaluation.reach import Reach
from detectors.evaluation.workload import Workload

FORMAT: Final = 1
LARGEST: Final = 64 * 1024 * 1024
"""Bytes. A report of a year has less than one million."""
MAKE_ONE: Final = "Make one: riskstream backtest FILE --json report.json."
HIGH: Final = 2
"""Position of `high` among the levels."""


class ReportError(DashboardError):
    """A file that should be a backtest's report is none, or of another release."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where the payments came from."""

    name: str
    archived: bool
    labels: str | None = None
    others_genuine: bool = False


class Assessor(msgspec.Struct, frozen=True, kw_only=True):
    """The bundle that assessed."""

    version: str
    score_kind: ScoreKind
    base_currency: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What of the report is read; the rest is left alone."""

    format: int
    source: Source
    bundle: Assessor
    evaluation: Evaluation


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """Payments at high or above, as the bundle's thresholds had it."""

    alerts_a_day: float
    reach: Reach
    budget: float | None


class WeekPoint(msgspec.Struct, frozen=True, kw_only=True):
    """How well one week was ranked."""

    monday: datetime
    trained: bool
    """The bundle was trained on it."""
    payments: int
    frauds: int
    average_precision: float | None
    interval: Interval | None


class DetectorPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One detector alone, beside the fused score on the same payments."""

    name: str
    title: str
    average_precision: float | None
    interval: Interval | None
    fused_average_precision: float | None


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """A backtest, as the models page shows it. Everything but `weeks` is of payments after training."""

    file: str
    source: Source
    bundle: Assessor
    same_bundle: bool | None
    """It is of the bundle in use; None if there is none."""
    since: datetime = msgspec.field(name="from")
    until: datetime = msgspec.field(name="to")
    days: float
    payments: int
    accounts: int
    labelled: int
    frauds: int
    fraud_rate: float | None
    fraud_amount: float
    average_precision: float | None
    average_precision_interval: Interval | None
    roc_auc: float | None
    card_precision: float | None
    cards: int
    in_force: InForce
    honesty: Honesty | None
    workloads: tuple[Workload, ...]
    detectors: tuple[DetectorPoint, ...]
    weeks: tuple[WeekPoint, ...]


def watched_report(path: Path) -> Watched[Report]:
    """Watch a backtest's report."""
    return Watched(path, lambda: read_report(path))


def read_report(path: Path) -> Report:
    """Read what `riskstream backtest --json` wrote.

    Raises:
        ReportError: what is wrong with it, and how to make one.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ReportError(f"{path.name} is larger than any report of a backtest. {MAKE_ONE}")
        report = msgspec.json.decode(path.read_bytes(), type=Report)
    except OSError as error:
        raise ReportError(f"The report {path} cannot be read ({error.strerror}). {MAKE_ONE}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ReportError(f"{path.name} is no report of a backtest: {error}. {MAKE_ONE}") from error
    if report.format != FORMAT:
        raise ReportError(
            f"{path.name} is a report of format {report.format}, this release reads {FORMAT}. {MAKE_ONE}"
        )
    if report.evaluation.evaluated is None:
        raise ReportError(
            f"{path.name} holds no payment after training, so it tells nothing of others: backtest a later file."
        )
    return report


def view_of(report: Report, file: str, in_use: str | None) -> ReportView:
    """Return what the page shows of a report; `in_use` is the version of the bundle in use."""
    evaluation, quality = report.evaluation, report.evaluation.evaluated
    if quality is None:
        raise ReportError(f"{file} holds no payment after training")
    return ReportView(
        file=file,
        source=report.source,
        bundle=report.bundle,
        same_bundle=None if in_use is None else report.bundle.version == in_use,
        since=quality.first_event_time,
        until=quality.last_event_time,
        days=days_of(quality),
        payments=quality.payments,
        accounts=quality.accounts,
        labelled=quality.labelled,
        frauds=quality.frauds,
        fraud_rate=quality.fraud_rate,
        fraud_amount=quality.fraud_amount,
        average_precision=quality.average_precision,
        average_precision_interval=quality.average_precision_interval,
        roc_auc=quality.roc_auc,
        card_precision=quality.card_precision,
        cards=evaluation.cards,
        in_force=InForce(
            alerts_a_day=quality.levels[HIGH].upwards.payments / days_of(quality),
            reach=quality.levels[HIGH].upwards,
            budget=quality.levels[HIGH].budget,
        ),
        honesty=quality.honesty,
        workloads=evaluation.workloads,
        detectors=tuple(
            DetectorPoint(
                name=one.detector,
                title=DETECTOR_TITLES.get(one.detector, one.detector),
                average_precision=one.average_precision,
                interval=one.average_precision_interval,
                fused_average_precision=one.fused_average_precision,
            )
            for one in evaluation.detectors
        ),
        weeks=tuple(
            WeekPoint(
                monday=week.monday,
                trained=week.trained,
                payments=week.quality.payments,
                frauds=week.quality.frauds,
                average_precision=week.quality.average_precision,
                interval=week.quality.average_precision_interval,
            )
            for week in evaluation.weeks
        ),
    )


def days_of(quality: Quality) -> float:
    """Return the days between the first and last payment, at least one, as `Workload.alerts_a_day` has them."""
    return max((quality.last_event_time - quality.first_event_time).total_seconds() / 86_400, 1.0)
