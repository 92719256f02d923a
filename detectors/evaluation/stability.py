"""Population stability index: how far the payments have moved from those that the bundle was made with.

The bundle holds the reference distribution of every detector's raw score, as a tail curve, and for a rarity of the
fused score. It holds none of the features: these are compared within the file, or not at all.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.tails import TailCurve

BINS: Final = 10
LEAST_SHARE: Final = 1e-4
"""A bin without payments counts as this share, so that the index stays finite."""
ENOUGH: Final = 1_000
"""Payments on either side; with 10 bins chance alone then gives about 9 / 1,000 + 9 / 1,000."""


def psi(expected: NDArray[np.float64], actual: NDArray[np.float64]) -> float:
    """Sum of (actual - expected) ln(actual / expected) over bins, from shares (b,).

    Below 0.1 is usually read as stable, above 0.25 as shifted (Siddiqi, Credit Risk Scorecards, 2006).

    >>> psi(np.array([0.5, 0.5]), np.array([0.5, 0.5]))
    0.0
    """
    before, after = np.maximum(expected, LEAST_SHARE), np.maximum(actual, LEAST_SHARE)
    return float(np.sum((after - before) * np.log(after / before)))


def psi_to_curve(scores: NDArray[np.float64], curve: TailCurve | None) -> float | None:
    """PSI of raw scores, (n,), against the reference scores of a tail curve; NaN are left out.

    Bins begin at the curve's own grid points nearest to the deciles, where its shares are exact. None without a
    curve, or with fewer than `ENOUGH` scores.
    """
    known = scores[~np.isnan(scores)]
    if curve is None or len(known) < ENOUGH:
        return None
    tails = np.exp(-curve.strangeness)
    wanted = 1.0 - np.arange(1, BINS) / BINS
    nearest = np.unique([int(np.argmin(np.abs(tails - share))) for share in wanted])
    cuts = nearest[nearest > 0]
    if len(cuts) == 0:
        return None
    above = np.concatenate(([1.0], tails[cuts], [0.0]))
    return psi(above[:-1] - above[1:], _shares(known, curve.score[cuts]))


def psi_between(before: NDArray[np.float32], after: NDArray[np.float32]) -> float | None:
    """PSI of a feature between two samples, (n,) and (m,): deciles of the first, and a bin for the missing.

    None with fewer than `ENOUGH` payments on either side.
    """
    if min(len(before), len(after)) < ENOUGH:
        return None
    known = before[~np.isnan(before)]
    cuts = np.unique(np.quantile(known, np.arange(1, BINS) / BINS, method="higher")) if len(known) else known
    return psi(_with_missing(before, cuts), _with_missing(after, cuts))


def _with_missing(values: NDArray[np.float32], cuts: NDArray[np.float32]) -> NDArray[np.float64]:
    missing = np.isnan(values)
    share = float(missing.mean())
    known = _shares(values[~missing], cuts) * (1.0 - share) if share < 1.0 else np.zeros(len(cuts) + 1)
    return np.append(known, share)


def _shares(
    values: NDArray[np.float64] | NDArray[np.float32], cuts: NDArray[np.float64] | NDArray[np.float32]
) -> NDArray[np.float64]:
    """Share of (n,) values below the first of (b - 1,) rising cuts, between each two, and from the last on."""
    counts = np.bincount(np.searchsorted(cuts, values, side="right"), minlength=len(cuts) + 1)
    return counts / len(values)
