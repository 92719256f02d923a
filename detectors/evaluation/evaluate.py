"""Everything that an evaluation says, as one value: by week, level, maturity, alert budget and detector.

Never accuracy: where one payment in a hundred is fraud, saying "genuine" every time is 99 % accurate.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.assessment import DETECTORS, Maturity
from detectors.bundle import Bundle
from detectors.evaluation.cards import CARDS, daily_card_precision
from detectors.evaluation.honesty import Honesty, honesty
from detectors.evaluation.ranking import (
    Interval,
    average_precision,
    interval_of,
    resampled_average_precision,
    roc_auc,
)
from detectors.evaluation.reach import BudgetReach, LevelReach, budget_reaches, level_reaches
from detectors.evaluation.scored import Scored, microseconds, moment, week_borders
from detectors.evaluation.stability import psi_between, psi_to_curve
from detectors.evaluation.workload import Workload, workloads
from detectors.features import FEATURES
from detectors.thresholds import MATURITIES

RISKY: Final = 2
"""Position of `high` in `detectors.assessment.LEVELS`: from there on payments are alerted."""
MOST_MERCHANTS: Final = 10

Progress = Callable[[str], None]
"""Is told what is being measured."""


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How good the score was on some payments. None where labels, or frauds, are missing."""

    first_event_time: datetime
    last_event_time: datetime
    payments: int
    accounts: int
    labelled: int
    frauds: int
    fraud_rate: float | None
    """Of labelled payments."""
    fraud_amount: float
    """In base currency."""
    alerts: int
    """Published: a burst of one account is one alert and its escalations."""
    average_precision: float | None
    average_precision_interval: Interval | None
    roc_auc: float | None
    card_precision: float | None
    """At `CARDS`, mean over days; detected cards take part again from the next Monday on."""
    card_days: int
    """Days with enough cards."""
    levels: tuple[LevelReach, ...]
    budgets: tuple[BudgetReach, ...]
    honesty: Honesty | None
    """Of a probability only."""


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar week, or the part of it before or after the end of training."""

    monday: datetime
    trained: bool
    """The bundle was trained on these."""
    quality: Quality
    psi: dict[str, float | None]
    """Of each detector's raw score, and of the fused score, against the bundle's reference payments."""


class MaturityQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Payments of accounts that were known for as long."""

    maturity: Maturity
    quality: Quality


class DetectorQuality(msgspec.Struct, frozen=True, kw_only=True):
    """One detector's strangeness alone, beside the fused score on the same payments."""

    detector: str
    spoken: float
    """Share of payments on which it could speak."""
    average_precision: float | None
    average_precision_interval: Interval | None
    fused_average_precision: float | None
    """Of the fused score where this detector could speak."""
    fused_gain_interval: Interval | None
    """95 % interval of the paired difference, fused minus detector."""


class PatternQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Frauds of one kind, as the file names it."""

    pattern: str
    frauds: int
    medium: float
    """Share found at medium or above."""
    high: float
    critical: float


class MerchantQuality(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant with frauds that were not found at high or above."""

    merchant: str
    payments: int
    frauds: int
    missed: int
    missed_amount: float
    """In base currency."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What a report is made of. Everything but `trained` and `weeks` is of payments after training."""

    cards: int = CARDS
    evaluated: Quality | None
    trained: Quality | None
    """The bundle was trained on these: no evidence of how it does on others."""
    weeks: tuple[Week, ...]
    maturities: tuple[MaturityQuality, ...]
    detectors: tuple[DetectorQuality, ...]
    psi: dict[str, float | None]
    """As `Week.psi`, of all payments after training."""
    feature_psi: dict[str, float | None]
    """Of each feature, payments after training against those up to it in the same file; else empty."""
    patterns: tuple[PatternQuality, ...]
    merchants: tuple[MerchantQuality, ...]
    workloads: tuple[Workload, ...] = ()
    """What rising numbers of alerts a day would have meant, fewest first."""


def evaluate(
    scored: Scored,
    bundle: Bundle,
    *,
    merchants: Sequence[str] = (),
    patterns: Sequence[str] = (),
    probability: bool = False,
    seed: int = 0,
    progress: Progress = lambda _: None,
) -> Evaluation:
    """Measure scored payments against their labels, and against what the bundle knows of its training.

    `merchants` and `patterns` are the names of the codes; `probability` says that every score is one.
    """
    border = int(np.searchsorted(scored.time, microseconds(bundle.manifest.last_event_time), side="right"))
    before, after = scored.where(slice(border)), scored.where(slice(border, None))
    judge = _Judge(bundle, probability, seed)
    progress("all payments")
    evaluated, trained = judge.quality(after), judge.quality(before)
    weeks = []
    for part, known in ((before, True), (after, False)):
        for monday, rows in week_borders(part.time):
            progress(f"week of {moment(monday):%Y-%m-%d}")
            weeks.append(judge.week(part.where(rows), monday, known))
    progress("maturities")
    matured = [(name, judge.quality(after.where(after.maturity == code))) for code, name in enumerate(MATURITIES)]
    progress("detectors")
    return Evaluation(
        evaluated=evaluated,
        trained=trained,
        weeks=tuple(weeks),
        maturities=tuple(MaturityQuality(maturity=m, quality=q) for m, q in matured if q is not None),
        detectors=_detectors(after, seed),
        psi=judge.stability(after),
        feature_psi=_feature_psi(before, after),
        patterns=_patterns(after, patterns),
        merchants=_merchants(after, merchants),
        workloads=workloads(after),
    )


class _Judge:
    """What every set of payments is measured with."""

    def __init__(self, bundle: Bundle, probability: bool, seed: int) -> None:
        self._bundle = bundle
        self._probability = probability
        self._seed = seed

    def quality(self, scored: Scored) -> Quality | None:
        """Measure a set; None if it is empty."""
        if not len(scored):
            return None
        judged = scored.where(np.flatnonzero(scored.labelled))
        frauds = judged.frauds
        precision = average_precision(judged.score, frauds)
        days = [p for _, week in week_borders(scored.time) for p in daily_card_precision(scored.where(week))]
        return Quality(
            first_event_time=moment(int(scored.time[0])),
            last_event_time=moment(int(scored.time[-1])),
            payments=len(scored),
            accounts=len(np.unique(scored.account)),
            labelled=len(judged),
            frauds=int(frauds.sum()),
            fraud_rate=float(frauds.mean()) if len(judged) else None,
            fraud_amount=float(np.nansum(judged.amount[frauds])),
            alerts=int(scored.alerted.sum()),
            average_precision=precision,
            average_precision_interval=None if precision is None else self._interval(judged),
            roc_auc=roc_auc(judged.score, frauds),
            card_precision=float(np.mean(days)) if days else None,
            card_days=len(days),
            levels=level_reaches(scored, self._bundle.manifest.budgets),
            budgets=budget_reaches(scored),
            honesty=honesty(judged.score, frauds) if self._probability else None,
        )

    def week(self, scored: Scored, monday: int, trained: bool) -> Week:
        """Measure one week, which is not empty."""
        quality = self.quality(scored)
        if quality is None:
            raise ValueError("a week without payments")
        return Week(monday=moment(monday), trained=trained, quality=quality, psi=self.stability(scored))

    def stability(self, scored: Scored) -> dict[str, float | None]:
        """PSI of each detector, and of the fused score where the bundle holds its reference distribution."""
        found = {
            name: psi_to_curve(scored.scores[:, column], self._bundle.tails[column])
            for column, name in enumerate(DETECTORS)
        }
        return {**found, "score": psi_to_curve(scored.statistic, self._bundle.statistic)}

    def _interval(self, judged: Scored) -> Interval | None:
        found = resampled_average_precision([judged.score], judged.account, judged.frauds, self._seed)
        return interval_of(found[:, 0])


def _detectors(scored: Scored, seed: int) -> tuple[DetectorQuality, ...]:
    """Each detector that says anything, on the labelled payments on which it does."""
    found = []
    for column, name in enumerate(DETECTORS):
        spoken = ~np.isnan(scored.scores[:, column])
        if not spoken.any():
            continue
        judged = scored.where(np.flatnonzero(spoken & scored.labelled))
        raw, frauds = judged.scores[:, column], judged.frauds
        alone = average_precision(raw, frauds)
        draws = (
            None
            if alone is None
            else resampled_average_precision([raw, judged.score], judged.account, frauds, seed)
        )
        found.append(
            DetectorQuality(
                detector=name,
                spoken=float(spoken.mean()),
                average_precision=alone,
                average_precision_interval=None if draws is None else interval_of(draws[:, 0]),
                fused_average_precision=average_precision(judged.score, frauds),
                fused_gain_interval=None if draws is None else interval_of(draws[:, 1] - draws[:, 0]),
            )
        )
    return tuple(found)


def _feature_psi(before: Scored, after: Scored) -> dict[str, float | None]:
    """PSI of each feature; empty when the file has no payments up to the end of training."""
    if not len(before) or not len(after):
        return {}
    return {
        name: psi_between(before.features[:, column], after.features[:, column])
        for column, name in enumerate(FEATURES)
    }


def _patterns(scored: Scored, names: Sequence[str]) -> tuple[PatternQuality, ...]:
    """Recall by kind of fraud, for those that occur."""
    found = []
    for code, name in enumerate(names):
        levels = scored.level[(scored.pattern == code) & scored.frauds]
        if len(levels):
            medium, high, critical = (float(np.mean(levels >= least)) for least in (1, RISKY, 3))
            found.append(
                PatternQuality(pattern=name, frauds=len(levels), medium=medium, high=high, critical=critical)
            )
    return tuple(sorted(found, key=lambda pattern: pattern.pattern))


def _merchants(scored: Scored, names: Sequence[str]) -> tuple[MerchantQuality, ...]:
    """The merchants with the largest amount of frauds below high."""
    missed = scored.frauds & (scored.level < RISKY)
    if not missed.any() or not names:
        return ()
    amounts = np.nan_to_num(scored.amount)
    lost = np.bincount(scored.merchant[missed], weights=amounts[missed], minlength=len(names))
    count = _counted(scored, missed, len(names))
    worst = np.lexsort((np.arange(len(lost)), -count, -lost))[:MOST_MERCHANTS]
    payments, frauds = _counted(scored, None, len(names)), _counted(scored, scored.frauds, len(names))
    return tuple(
        MerchantQuality(
            merchant=names[code],
            payments=int(payments[code]),
            frauds=int(frauds[code]),
            missed=int(count[code]),
            missed_amount=float(lost[code]),
        )
        for code in worst.tolist()
        if count[code]
    )


def _counted(scored: Scored, rows: NDArray[np.bool_] | None, merchants: int) -> NDArray[np.int64]:
    return np.bincount(scored.merchant if rows is None else scored.merchant[rows], minlength=merchants)
