"""Counters of the newest seconds: rings of numbers, one row a second. Pure; times come in as whole seconds."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

WINDOW_SECONDS: Final = 900
STEP_SECONDS: Final = 5
SCORE_BINS: Final = 20
RING_SECONDS: Final = 960
"""A minute more than the window: payments that are assessed a little late still find their second."""

LATENCY_RATIO: Final = 1.08
"""Width of a latency bin: percentiles are exact to 4 %."""
LATENCY_EDGES_MS: Final[NDArray[np.float64]] = np.power(LATENCY_RATIO, np.arange(160, dtype=np.float64))
"""(160,) upper edges in ms, from 1 ms to 3.4 minutes; what is slower is in the last bin."""
LATENCY_BINS: Final = len(LATENCY_EDGES_MS) + 1
_MIDDLES: Final = np.append(LATENCY_EDGES_MS / LATENCY_RATIO**0.5, LATENCY_EDGES_MS[-1])


class Ring:
    """Sums of the newest `RING_SECONDS` seconds, `width` numbers a second.

    >>> ring = Ring(1)
    >>> ring.advance(1000)
    >>> ring.add(np.array([999, 999, 12]), np.array([0, 0, 0]))
    >>> int(ring.between(990, 1000).sum())
    2
    """

    def __init__(self, width: int) -> None:
        self._rows: NDArray[np.int64] = np.zeros((RING_SECONDS, width), dtype=np.int64)
        self._newest = 0

    def advance(self, second: int) -> None:
        """Let time go on to a second; what falls out of the ring is forgotten."""
        passed = second - self._newest
        if passed <= 0:
            return
        if passed >= RING_SECONDS:
            self._rows[:] = 0
        else:
            self._rows[np.arange(self._newest + 1, second + 1) % RING_SECONDS] = 0
        self._newest = second

    def add(self, seconds: NDArray[np.int64], columns: NDArray[np.int64], by: Any = 1) -> None:
        """Count n things: their seconds (n,) and columns (n,); those outside the ring are left out."""
        held = (seconds > self._newest - RING_SECONDS) & (seconds <= self._newest)
        np.add.at(self._rows, (seconds[held] % RING_SECONDS, columns[held]), by)

    def between(self, start: int, end: int) -> NDArray[np.int64]:
        """Return the rows of the seconds from `start` up to, not including, `end`: (end - start, width)."""
        rows = self._rows[np.arange(start, end) % RING_SECONDS]
        seconds = np.arange(start, end)
        rows[(seconds <= self._newest - RING_SECONDS) | (seconds > self._newest)] = 0
        return rows


def latency_bins(latencies_ms: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each latency: (n,) int64.

    >>> latency_bins(np.array([0.5, 1e9])).tolist() == [0, LATENCY_BINS - 1]
    True
    """
    found: NDArray[np.int64] = np.searchsorted(LATENCY_EDGES_MS, latencies_ms).astype(np.int64)
    return found


def percentiles_ms(histograms: NDArray[np.int64], share: float) -> list[float | None]:
    """Return a percentile of each histogram, rows of (n, LATENCY_BINS), in ms; None where nothing was counted."""
    cumulated = histograms.cumsum(axis=1)
    totals = cumulated[:, -1]
    places = (cumulated < np.ceil(totals * share)[:, None]).sum(axis=1)
    found = _MIDDLES[np.minimum(places, LATENCY_BINS - 1)].round(1).tolist()
    return [value if total else None for value, total in zip(found, totals.tolist(), strict=True)]
