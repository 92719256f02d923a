"""How honest a probability is: Brier score, calibration slope, and what was said beside what was found."""

import math
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.evaluation.ranking import Interval

SAID: Final = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Borders of the reliability table: fraud is rare, so the small probabilities are drawn finest."""
LEAST_SAID: Final = 5e-7
"""Half a step of the published score, for a probability that was rounded to 0 (or to 1, from the other end)."""
MOST_STEPS: Final = 100
"""Of Newton's method, which needs about ten."""
ENOUGH: Final = 1e-9
"""A step that ends it."""
FLAT: Final = 1e-12
"""Determinant over its largest part, below which two directions are one."""
Z_95: Final = 1.959963984540054


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """Payments whose probability lies in `[least, below)`; the last bin includes 1."""

    least: float
    below: float
    payments: int
    frauds: int
    said: float
    """Mean probability."""
    found: float
    """Share of frauds."""
    interval: Interval
    """Of `found`, 95 % (Wilson 1927)."""


class Honesty(msgspec.Struct, frozen=True, kw_only=True):
    """A probability against what happened, on labelled payments."""

    brier: float
    """Mean squared difference between probability and outcome; 0 is best."""
    brier_of_base_rate: float
    """What saying the fraud rate every time would score."""
    mean_p_to_rate: float
    """Mean probability over fraud rate; 1 is right."""
    calibration_slope: float | None
    """b of logit(fraud) = a + b logit(p) (Cox 1958): 1 is right, below 1 too extreme. None if it has no end."""
    calibration_intercept: float | None
    """a of the same fit; 0 is right."""
    reliability: tuple[Bin, ...]


def honesty(score: NDArray[np.float64], frauds: NDArray[np.bool_]) -> Honesty | None:
    """Judge probabilities, (n,) published 0 to 100; None unless there are frauds and genuine payments."""
    if not frauds.any() or frauds.all():
        return None
    said = score / 100.0
    rate = float(frauds.mean())
    fit = _recalibration(said, frauds)
    return Honesty(
        brier=float(np.mean((said - frauds) ** 2)),
        brier_of_base_rate=rate * (1.0 - rate),
        mean_p_to_rate=float(said.mean()) / rate,
        calibration_slope=fit and fit[1],
        calibration_intercept=fit and fit[0],
        reliability=_reliability(said, frauds),
    )


def _recalibration(said: NDArray[np.float64], frauds: NDArray[np.bool_]) -> tuple[float, float] | None:
    """Intercept and slope of the logistic regression of the outcome on the log-odds.

    By Newton's method, whose step is halved until the likelihood does not fall: it is concave, so this ends at its
    highest point, if it has one.
    """
    values, at = np.unique(np.clip(said, LEAST_SAID, 1.0 - LEAST_SAID), return_inverse=True)
    outcomes = _Outcomes(
        odds=np.log(values) - np.log1p(-values),
        count=np.bincount(at).astype(np.float64),
        hits=np.bincount(at, weights=frauds).astype(np.float64),
    )
    point = (0.0, 1.0)
    for _ in range(MOST_STEPS):
        step = outcomes.step(*point)
        if step is None:
            return None
        reached = outcomes.likelihood(*point)
        while outcomes.likelihood(point[0] + step[0], point[1] + step[1]) < reached:
            if max(map(abs, step)) < ENOUGH:
                return point
            step = step[0] / 2, step[1] / 2
        point = point[0] + step[0], point[1] + step[1]
        if max(map(abs, step)) < ENOUGH:
            return point
    return None


@dataclass(frozen=True)
class _Outcomes:
    """Payments by their log-odds: v distinct ones, how many payments have each, and how many are frauds."""

    odds: NDArray[np.float64]
    count: NDArray[np.float64]
    hits: NDArray[np.float64]

    def likelihood(self, intercept: float, slope: float) -> float:
        """Return the log-likelihood."""
        fitted = intercept + slope * self.odds
        return float(np.sum(self.hits * fitted - self.count * np.logaddexp(0.0, fitted)))

    def step(self, intercept: float, slope: float) -> tuple[float, float] | None:
        """Return Newton's step; None where the likelihood is flat in some direction."""
        expected = 1.0 / (1.0 + np.exp(-np.clip(intercept + slope * self.odds, -500.0, 500.0)))
        weight = self.count * expected * (1.0 - expected)
        weighted = weight * self.odds
        miss = self.hits - self.count * expected
        a, b, c = float(weight.sum()), float(weighted.sum()), float((weighted * self.odds).sum())
        determinant = a * c - b * b
        if not determinant > FLAT * a * c:
            return None
        first, second = float(miss.sum()), float((miss * self.odds).sum())
        return (c * first - b * second) / determinant, (a * second - b * first) / determinant


def _reliability(said: NDArray[np.float64], frauds: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """The bins that hold payments."""
    at = np.clip(np.searchsorted(SAID, said, side="right") - 1, 0, len(SAID) - 2)
    bins = []
    for number in range(len(SAID) - 1):
        inside = at == number
        count, hits = int(inside.sum()), int(frauds[inside].sum())
        if count:
            bins.append(
                Bin(
                    least=SAID[number],
                    below=SAID[number + 1],
                    payments=count,
                    frauds=hits,
                    said=float(said[inside].mean()),
                    found=hits / count,
                    interval=wilson(hits, count),
                )
            )
    return tuple(bins)


def wilson(hits: int, count: int) -> Interval:
    """Return the 95 % interval of a share, `hits` of `count` > 0 (score interval; E. B. Wilson, JASA 22, 1927).

    >>> interval = wilson(0, 10)
    >>> interval.low, round(interval.high, 4)
    (0.0, 0.2775)
    >>> wilson(0, 719).low, wilson(10, 10).high
    (0.0, 1.0)
    """
    share, spread = hits / count, Z_95 * Z_95 / count
    middle = share + spread / 2
    reach = Z_95 * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    # The ends are exact in theory, and off by a last bit in floating point.
    low = 0.0 if hits == 0 else (middle - reach) / (1 + spread)
    high = 1.0 if hits == count else (middle + reach) / (1 + spread)
    return Interval(low=low, high=high)
