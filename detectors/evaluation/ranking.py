"""How well a score ranks frauds above genuine payments: average precision, ROC AUC, and how sure one can be.

Payments of equal score form one step of the ranking, so that no order among them is made up.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

RESAMPLES: Final = 200
"""Of the bootstrap; enough for 95 % intervals that are read to two digits."""
COVERAGE: Final = (2.5, 97.5)
"""Percentiles that bound an interval (percentile bootstrap; Efron 1979)."""


class Interval(msgspec.Struct, frozen=True):
    """A 95 % interval."""

    low: float
    high: float


def average_precision(score: NDArray[np.float64], frauds: NDArray[np.bool_]) -> float | None:
    """Precision at each fraud's score, averaged over the frauds; None unless there are frauds and others.

    `score`, `frauds`: (n,). The sum over steps of (recall gained) x (precision there), as scikit-learn has it.

    >>> average_precision(np.array([3.0, 2.0, 1.0]), np.array([True, False, True]))
    0.8333333333333333
    """
    if not _both(frauds):
        return None
    ranking = _Ranking(score, np.zeros(len(score), dtype=np.int32), frauds)
    return ranking.average_precision(np.ones(1, dtype=np.int32))


def roc_auc(score: NDArray[np.float64], frauds: NDArray[np.bool_]) -> float | None:
    """Share of pairs (fraud, genuine) in which the fraud scores higher; equal scores count half (Mann-Whitney).

    `score`, `frauds`: (n,). None unless there are frauds and genuine payments.

    >>> roc_auc(np.array([3.0, 2.0, 1.0]), np.array([True, False, True]))
    0.5
    """
    if not _both(frauds):
        return None
    order = np.argsort(score, kind="stable")
    ends = _step_ends(score[order])
    fraud_total = np.cumsum(frauds[order])[ends]
    positives = np.diff(fraud_total, prepend=0)
    genuine = np.diff(ends + 1 - fraud_total, prepend=0)
    below = np.cumsum(genuine) - genuine
    # Twice the number of pairs, in whole numbers: no rounding.
    twice = int(np.sum(positives * (2 * below + genuine)))
    return twice / (2 * int(fraud_total[-1]) * int(genuine.sum()))


def resampled_average_precision(
    columns: Sequence[NDArray[np.float64]],
    account: NDArray[np.int32],
    frauds: NDArray[np.bool_],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> NDArray[np.float64]:
    """Average precision of several scores, each (n,), on the same resamples of accounts: (resamples, scores).

    Whole accounts are drawn with replacement, since payments of one account are not independent; `account` and
    `frauds` are (n,). NaN where a resample drew no fraud. The differences between columns are paired.
    """
    codes, members = np.unique(account, return_inverse=True)
    rankings = [_Ranking(score, members.astype(np.int32), frauds) for score in columns]
    generator = np.random.default_rng(seed)
    even = np.full(len(codes), 1.0 / len(codes))
    found = np.empty((resamples, len(columns)))
    for draw in range(resamples):
        times = generator.multinomial(len(codes), even).astype(np.int32)
        found[draw] = [ranking.average_precision(times) for ranking in rankings]
    return found


def interval_of(values: NDArray[np.float64]) -> Interval | None:
    """The 95 % interval of resampled values, (r,); NaN are left out, None if nothing is left."""
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return None
    low, high = np.percentile(known, COVERAGE)
    return Interval(low=float(low), high=float(high))


class _Ranking:
    """Payments sorted by falling score, ready to be weighed by account again and again."""

    def __init__(self, score: NDArray[np.float64], members: NDArray[np.int32], frauds: NDArray[np.bool_]) -> None:
        order = np.argsort(-score, kind="stable")
        at = np.flatnonzero(frauds[order])
        ends = _step_ends(score[order])
        steps = np.searchsorted(ends, at)
        first = np.flatnonzero(np.diff(steps, prepend=-1))
        self._members = members[order]
        self._fraud_members = self._members[at]
        self._steps = first
        """Where each step that holds frauds begins, among the frauds."""
        self._ends = ends[steps[first]]
        """Where it ends, among all."""

    def average_precision(self, times: NDArray[np.int32]) -> float:
        """Average precision when account i counts `times[i]` times; NaN if no fraud is left."""
        counted = np.cumsum(times[self._members], dtype=np.int64)[self._ends]
        gained = np.add.reduceat(times[self._fraud_members], self._steps, dtype=np.int64)
        known = np.cumsum(gained)
        if known[-1] == 0:
            return float("nan")
        return float(np.sum(gained * (known / np.maximum(counted, 1))) / known[-1])


def _step_ends(ordered: NDArray[np.float64]) -> NDArray[np.int64]:
    """Last position of each run of equal scores in (n,) ordered ones."""
    return np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)


def _both(frauds: NDArray[np.bool_]) -> bool:
    return bool(frauds.any()) and not bool(frauds.all())
