"""Empirical tail probabilities: what share of reference traffic is at least as strange as a given score.

Raw scores of different detectors have different units; their tails are comparable. Everything here works with
*strangeness*, -ln(tail): 0 is ordinary, 2.3 one payment in ten, 6.9 one in a thousand.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

GRID_PER_DECADE: Final = 25
"""Grid points for each factor of ten of the tail's share, so that the far end is as finely drawn as the middle."""
EXCESS_SHARE: Final = 0.01
"""The top of the reference traffic whose mean excess gives the slope beyond its largest score."""
STRANGEST: Final = 50.0
"""Where strangeness ends: no reference traffic can tell apart what happens less than once in 10^21."""
LEAST_STEP: Final = 1e-12
"""Distance between grid points, relative to the spread of the scores, below which they count as one."""


@dataclass(frozen=True, eq=False)
class TailCurve:
    """Strangeness as a piecewise-linear, never falling function of a score (g grid points)."""

    score: NDArray[np.float64]
    """(g,) strictly rising."""
    strangeness: NDArray[np.float64]
    """(g,) -ln(share of reference scores at least this high); starts at 0."""
    slope: NDArray[np.float64]
    """(g,) from each grid point onwards; the last one extrapolates: beyond it the tail is exponential."""


def strangeness(scores: NDArray[np.float64], curve: TailCurve) -> NDArray[np.float64]:
    """-ln(tail) of each score: (n,) float64, 0 to `STRANGEST`; NaN stays NaN."""
    after = curve.score.searchsorted(scores, side="right")
    at = np.maximum(after - 1, 0)
    strange = curve.strangeness.take(at) + curve.slope.take(at) * (scores - curve.score.take(at))
    return np.minimum(np.where(after > 0, strange, 0.0), STRANGEST)


def score_at(value: float, curve: TailCurve) -> float:
    """The smallest score whose strangeness is at least `value`: the curve read backwards."""
    at = max(int(np.searchsorted(curve.strangeness, value, side="left")) - 1, 0)
    if value <= curve.strangeness[0]:
        return float(curve.score[0])
    return float(curve.score[at] + (value - curve.strangeness[at]) / curve.slope[at])


def fit_tail(scores: NDArray[np.float64]) -> TailCurve | None:
    """The curve of reference scores, (n,) float64; NaN are left out. None if nothing is left to learn from.

    Beyond the largest score the tail falls exponentially, at the rate of the mean excess over the top 1 %
    (peaks over a threshold with shape 0; Pickands 1975).
    """
    known = np.sort(scores[np.isfinite(scores)])
    if len(known) == 0:
        return None
    distinct, first = np.unique(known, return_index=True)
    rarity = -np.log((len(known) - first) / len(known))
    chosen = _thin(rarity)
    grid, values = distinct[chosen], rarity[chosen]
    slope = np.empty_like(grid)
    # Scores that differ by rounding only must not make an endless slope.
    slope[:-1] = np.diff(values) / np.maximum(np.diff(grid), LEAST_STEP * max(1.0, float(grid[-1] - grid[0])))
    slope[-1] = 1.0 / _mean_excess(known)
    return TailCurve(score=grid, strangeness=values + 0.0, slope=slope)


def _thin(rarity: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions of the grid points to keep: the ends, and an even spread over ln(share) between them."""
    steps = np.floor(rarity * (GRID_PER_DECADE / np.log(10.0)))
    fresh = np.concatenate(([True], steps[1:] != steps[:-1]))
    fresh[-1] = True
    return np.flatnonzero(fresh)


def _mean_excess(known: NDArray[np.float64]) -> float:
    """Mean of what the top scores exceed their threshold by; 1 where all scores are equal."""
    top = known[-max(int(len(known) * EXCESS_SHARE), 10) :]
    excess = float(np.mean(top - top[0]))
    spread = float(known[-1] - known[0])
    scale = max(excess, spread * 1e-3)
    return scale if scale > LEAST_STEP else 1.0
