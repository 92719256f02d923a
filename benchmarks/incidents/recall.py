"""From scores to recall at an alert rate, and from the recalls of many seeds to a mean with its interval."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

Floats = NDArray[np.float64]
CONFIDENCE = 0.95


class Estimate(msgspec.Struct, frozen=True):
    """A mean over seeds and its 95 % interval (Student's t over the seeds' values)."""

    mean: float
    low: float
    high: float


class Caught(msgspec.Struct, frozen=True):
    """What one run caught at one alert rate."""

    incidents: float
    """Share of incidents with at least one alert."""
    payments: float
    """Share of injected payments that were alerted."""
    given: float
    """Share of un-injected payments that were alerted: the alert rate really given."""


def limit(genuine: Floats, rate: float) -> float:
    """Return the lowest score that at most this share of un-injected payments, (n,), lies above.

    >>> limit(np.array([1.0, 2.0, 3.0, 4.0]), 0.5)
    2.0
    >>> limit(np.array([1.0, 4.0, 4.0, 4.0]), 0.5)  # equal scores are alerted together or not at all
    4.0
    """
    allowed = math.floor(rate * len(genuine) + 1e-9)
    return -math.inf if allowed >= len(genuine) else float(np.sort(genuine)[::-1][allowed])


def caught(genuine: Floats, injected: Sequence[Floats], rate: float) -> Caught:
    """Alert what lies above the limit; `genuine` is (n,), `injected` the scores of each incident's payments."""
    highest = limit(genuine, rate)
    hits = [scores > highest for scores in injected]
    return Caught(
        incidents=float(np.mean([each.any() for each in hits])),
        payments=float(np.concatenate(hits).mean()),
        given=float(np.mean(genuine > highest)),
    )


def estimate(values: Floats) -> Estimate:
    """Return mean and interval of one value per seed, (seeds,); fewer than two have no interval (NaN).

    >>> estimate(np.array([0.5, 0.5]))
    Estimate(mean=0.5, low=0.5, high=0.5)
    """
    if len(values) < 2:
        return Estimate(float(values[0]) if len(values) else math.nan, math.nan, math.nan)
    mean = float(np.mean(values))
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    half = float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * error
    return Estimate(round(mean, 4), round(mean - half, 4), round(mean + half, 4))


def share(values: Floats) -> Estimate:
    """Return the same for values that are shares: the interval ends at 0 and 1.

    >>> share(np.array([1.0, 1.0, 0.9])).high
    1.0
    """
    found = estimate(values)
    return Estimate(found.mean, max(found.low, 0.0), min(found.high, 1.0))
