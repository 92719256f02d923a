"""What one score is worth on the payments that the protocol evaluates."""

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.payments import Payments
from benchmarks.quality.protocol import Split
from detectors.assessment import DETECTORS
from detectors.evaluation.cards import daily_card_precision
from detectors.evaluation.honesty import honesty
from detectors.evaluation.ranking import (
    Interval,
    average_precision,
    interval_of,
    resampled_average_precision,
    roc_auc,
)
from detectors.evaluation.scored import Scored
from detectors.features import FEATURES

ALERTED_SHARE: Final = 0.01
SCENARIOS: Final = (1, 2, 3)
APART_FROM_MERCHANTS: Final = (1, 3)
"""Scenarios that a score without labels can know: a customer's own amounts. The second is a merchant's."""
DIGITS: Final = 6
NOTHING: Final = np.empty(0)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one score in one test week. None where they do not apply: no frauds, or no probability."""

    ap: float | None
    """Average precision: precision at each fraud's score, mean over frauds; equal scores are one step."""
    ap_interval: Interval | None
    """95 %, bootstrap over cards."""
    auc: float | None
    """Area under the ROC curve."""
    cp100: float | None
    """Card precision at 100: share of the day's 100 worst cards that had a fraud, mean over days."""
    brier: float | None
    """Mean squared difference between probability and outcome; of probabilities only, as the next two."""
    calibration_slope: float | None
    """b of logit(fraud) = a + b logit(p)."""
    mean_p_to_rate: float | None
    """Mean probability over the share of frauds."""
    recall_at_1pct: dict[str, float]
    """Share of a scenario's frauds among the highest 1 % of scores; "all" is of all frauds."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Figures of one score in one test week, and what it takes to pool weeks."""

    figures: Figures
    draws: NDArray[np.float64]
    """(r,) average precision on resamples of cards; empty without frauds."""
    reached: dict[str, tuple[float, int]]
    """Frauds among the highest 1 % of scores, and frauds in all, by scenario and for "all"."""


@dataclass(frozen=True, eq=False)
class Evaluated:
    """The m payments of a test week that count, with everything a figure needs but the score."""

    time: NDArray[np.int64]
    card: NDArray[np.int32]
    fraud: NDArray[np.bool_]
    scenario: NDArray[np.int8]

    def figures(self, score: NDArray[np.float64], *, probability: bool, seed: int = 0) -> Measured:
        """Measure a score, (m,): 0 to 1 if it is a probability, of any scale if not; missing counts as lowest.

        Scores of the same week that are measured with the same seed are resampled alike: their draws are pairs.
        """
        score = _comparable(score)
        draws = resampled_average_precision([score], self.card, self.fraud, seed)[:, 0] if self.both else NOTHING
        ap, auc, cp100 = self.ranked(score)
        honest = honesty(score * 100.0, self.fraud) if probability else None
        figures = Figures(
            ap=rounded(ap),
            ap_interval=rounded_interval(draws),
            auc=rounded(auc),
            cp100=rounded(cp100),
            brier=None if honest is None else rounded(honest.brier, 2 * DIGITS),
            calibration_slope=None if honest is None else rounded(honest.calibration_slope),
            mean_p_to_rate=None if honest is None else rounded(honest.mean_p_to_rate),
            recall_at_1pct={
                name: round(found / count, DIGITS) for name, (found, count) in self.reached(score).items() if count
            },
        )
        return Measured(figures, draws, self.reached(score))

    def ranked(self, score: NDArray[np.float64]) -> tuple[float | None, float | None, float | None]:
        """Return average precision, area under the ROC curve and card precision at 100 of a score, (m,)."""
        score = _comparable(score)
        days = daily_card_precision(self._scored(score))
        return (
            average_precision(score, self.fraud),
            roc_auc(score, self.fraud),
            float(np.mean(days)) if days else None,
        )

    @property
    def both(self) -> bool:
        """Whether there are frauds and genuine payments."""
        return bool(self.fraud.any()) and not bool(self.fraud.all())

    def average_precision(self, score: NDArray[np.float64]) -> float | None:
        """Return the average precision of a score, (m,)."""
        return average_precision(_comparable(score), self.fraud)

    def reached(self, score: NDArray[np.float64]) -> dict[str, tuple[float, int]]:
        """Frauds among the highest 1 % of scores, and frauds in all, by scenario and for "all".

        Of equal scores at the border each payment counts in part, so that no order among them is made up.
        """
        score = _comparable(score)
        allowed = int(ALERTED_SHARE * len(score))
        share = np.zeros(len(score))
        if allowed:
            least = np.partition(score, -allowed)[-allowed]
            above, at = score > least, score == least
            share[above] = 1.0
            share[at] = (allowed - int(above.sum())) / int(at.sum())
        kinds = {"all": self.fraud} | {str(kind): self.fraud & (self.scenario == kind) for kind in SCENARIOS}
        return {name: (float(share[rows].sum()), int(rows.sum())) for name, rows in kinds.items()}

    def perfect(self) -> float | None:
        """Average precision of a ranking that is perfect on scenarios 1 and 3 and blind to the others."""
        if (self.scenario < 0).any():
            return None
        return average_precision(
            (self.fraud & np.isin(self.scenario, APART_FROM_MERCHANTS)).astype(np.float64), self.fraud
        )

    def _scored(self, score: NDArray[np.float64]) -> Scored:
        """The columns of which card precision needs four."""
        count = len(score)
        nothing = np.zeros(count)
        return Scored(
            time=self.time,
            account=self.card,
            merchant=np.zeros(count, np.int32),
            score=score,
            statistic=nothing,
            level=np.zeros(count, np.int8),
            maturity=np.zeros(count, np.int8),
            alerted=np.zeros(count, np.bool_),
            amount=nothing,
            scores=np.empty((count, len(DETECTORS))),
            features=np.empty((count, len(FEATURES)), np.float32),
            label=self.fraud.astype(np.int8),
            pattern=self.scenario.astype(np.int32),
        )


def evaluated(payments: Payments, weeks: Split) -> Evaluated:
    """Take what figures need of the payments that count."""
    rows = weeks.evaluated
    return Evaluated(payments.time[rows], payments.card[rows], payments.fraud[rows], payments.scenario[rows])


def rounded(value: float | None, digits: int = DIGITS) -> float | None:
    """Return a figure as the report has it."""
    return None if value is None else round(value, digits)


def rounded_interval(draws: NDArray[np.float64]) -> Interval | None:
    """Return the 95 % interval of draws, (r,), as the report has it."""
    interval = interval_of(draws)
    return interval and Interval(low=round(interval.low, DIGITS), high=round(interval.high, DIGITS))


def _comparable(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """A score without holes: what a detector did not say ranks below all that it did."""
    missing = np.isnan(score)
    if not missing.any():
        return score
    lowest = float(np.nanmin(score)) if not missing.all() else 0.0
    return np.where(missing, lowest - 1.0, score)
