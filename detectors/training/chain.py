"""Scores of payments by a model that was fitted on earlier days only: what a stack and its calibration learn from.

Whole days, never random folds: campaigns against a merchant or a card last for days, and a model that has seen
the other half of one knows it.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

GROUPS: Final = 6
"""Into how many runs of days a window is cut, at most; the first is only learned from."""
LEAST_FRAUDS: Final = 10
"""Known frauds in the days that the first model is fitted on."""

Fit = Callable[[NDArray[np.bool_]], Callable[[NDArray[np.bool_]], NDArray[np.float64]]]
"""Fits a model on some rows, given as a mask, and returns what scores others."""


def out_of_fold(
    days: NDArray[np.int64], frauds: NDArray[np.bool_], labelled: NDArray[np.bool_], fit: Fit
) -> NDArray[np.float64]:
    """Scores of rows in event-time order by models of the days before: (n,) float64, NaN for the first days.

    `days`, `frauds`, `labelled`: (n,). Models are fitted on labelled rows.
    """
    scores = np.full(len(days), np.nan)
    borders = _borders(days, frauds)
    for start, end in pairwise([*borders, int(days.max(initial=0)) + 1]):
        earlier = labelled & (days < start)
        later = (days >= start) & (days < end)
        if frauds[earlier].any() and not frauds[earlier].all():
            scores[later] = fit(earlier)(later)
    return scores


def judged(days: NDArray[np.int64], frauds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rows `out_of_fold` scores: (n,)."""
    borders = _borders(days, frauds)
    return days >= borders[0] if borders else np.zeros(len(days), dtype=np.bool_)


def _borders(days: NDArray[np.int64], frauds: NDArray[np.bool_]) -> list[int]:
    """The first day of each run that is predicted; the first run begins once enough frauds came before it."""
    known = np.unique(days)
    runs = [int(run[0]) for run in np.array_split(known, min(GROUPS, len(known))) if len(run)]
    return [day for day in runs[1:] if int(frauds[days < day].sum()) >= LEAST_FRAUDS]
