"""Notices that a partition's traffic has changed: ADWIN (river) over means of fixed blocks of its payments.

A block is `BLOCK` consecutive payments of the partition, not a batch: batches begin and end wherever Kafka cuts
them, and what is found must not depend on that. The ADWIN is rebuilt from the means of the latest blocks whenever
a block closes, so that the memory is plain numbers and a replay finds the same drifts.
"""

import math
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import Any, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.assessment import DETECTORS
from detectors.stored import Codec

MEMORY_VERSION: Final = 1
BLOCK: Final = 256
"""Payments per block: enough for a mean with little noise, few enough that a change shows soon."""
LEAST_KNOWN: Final = BLOCK // 2
"""Values without which a block has no mean of a series: those of few payments scatter too widely."""
MOST_BLOCKS: Final = 96
"""When this many block means are held..."""
KEPT_BLOCKS: Final = 48
"""...the older ones are forgotten, down to this many: the memory is written with every batch."""
DELTA: Final = 0.002
"""ADWIN's bound on a false alarm, river's default. The bound is loose: ten stationary weeks of 70,000 payments
gave no alarm in any series; a strangeness that grows by half is noticed after 10 blocks, by a fifth after 20."""
TAIL_SCALE: Final = math.sqrt(BLOCK)
"""Turns a mean strangeness into units of its own noise: -ln of a uniform tail has standard deviation 1."""
ALERT_SCALE: Final = math.sqrt(BLOCK / 0.005)
"""The same for a share of about 0.5 %, the usual budget of alerts."""
DEGRADED_SCALE: Final = math.sqrt(BLOCK / 0.01)

SERIES: Final = (*(f"strangeness_{name}" for name in DETECTORS), "degraded_share", "alert_share")
"""What is watched, in the order of the memory's tuples."""
SCALES: Final = (*([TAIL_SCALE] * len(DETECTORS)), DEGRADED_SCALE, ALERT_SCALE)
"""ADWIN's bound presumes values that scatter by about 1; block means are multiplied by these."""


class DriftEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A series of one partition has changed its level."""

    series: str
    """One of `SERIES`: mean -ln(tail) of a detector, or a share of payments."""
    direction: Literal["up", "down"]
    before: float
    """Mean of the blocks before the change."""
    after: float
    """Mean of the blocks since."""
    block: int
    """Number of the block that made it certain, counted from 1 in this partition."""
    event_time: datetime
    """Of the last payment of that block."""


class DriftMemory(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The open block of a partition and the means of those before it, per series."""

    version: int = MEMORY_VERSION
    origin: str = ""
    """Version of the bundle whose tails these are: those of another one are no change of the traffic."""
    blocks: int = 0
    """Blocks closed so far."""
    rows: int = 0
    """Payments in the open block."""
    sums: tuple[float, ...] = (0.0,) * len(SERIES)
    counts: tuple[int, ...] = (0,) * len(SERIES)
    """Payments of the open block that had a value."""
    history: tuple[bytes, ...] = (b"",) * len(SERIES)
    """Means of the latest blocks, oldest first: float32, little-endian."""


_codec = Codec(DriftMemory, "The drift memory", MEMORY_VERSION)
encode_drift = _codec.encode
decode_drift = _codec.decode


def prepare() -> None:
    """Load what the first look would load, which takes half a second: for whoever may not stop then."""
    _adwin()


def observe(
    memory: DriftMemory | None,
    tails: NDArray[np.float64],
    degraded: NDArray[np.bool_],
    alert: NDArray[np.bool_],
    event_times: Sequence[datetime],
    origin: str = "",
) -> tuple[DriftMemory, list[DriftEvent]]:
    """Add n payments of a partition, in order, and say what has drifted.

    `tails` (n, 4) as in `fusion.Fused`, NaN where a detector cannot speak; `degraded` (n,) an enrichment was
    unavailable; `alert` (n,) the level is high or above; `event_times` n of them; `origin` the bundle's version. A
    memory of another bundle is left behind.
    """
    if memory is None or memory.origin != origin:
        memory = DriftMemory(origin=origin)
    values = np.column_stack([-np.log(tails), degraded.astype(np.float64), alert.astype(np.float64)])
    events: list[DriftEvent] = []
    first_border = BLOCK - memory.rows
    borders = [0, *range(first_border, len(values), BLOCK), len(values)]
    for start, end in pairwise(borders):
        memory = _add(memory, values[start:end])
        if memory.rows == BLOCK:
            memory, found = _close(memory, event_times[end - 1])
            events += found
    return memory, events


def _add(memory: DriftMemory, values: NDArray[np.float64]) -> DriftMemory:
    """The open block with more payments, (n, series), added one after the other."""
    missing = np.isnan(values)
    # Not `sum`: it adds in another order for another number of payments.
    sums = np.concatenate([[memory.sums], np.where(missing, 0.0, values)]).cumsum(axis=0)[-1]
    counts = np.array(memory.counts) + len(values) - missing.sum(axis=0)
    return msgspec.structs.replace(
        memory, rows=memory.rows + len(values), sums=tuple(sums.tolist()), counts=tuple(counts.tolist())
    )


def _close(memory: DriftMemory, event_time: datetime) -> tuple[DriftMemory, list[DriftEvent]]:
    """The memory with its block closed and a new one open, and what that block made certain."""
    number = memory.blocks + 1
    events: list[DriftEvent] = []
    histories: list[bytes] = []
    for series, (total, count) in enumerate(zip(memory.sums, memory.counts, strict=True)):
        means = np.frombuffer(memory.history[series], dtype="<f4").tolist()
        if count >= LEAST_KNOWN:
            mean = float(np.float32(total / count))
            means = [*(means if len(means) < MOST_BLOCKS else means[-KEPT_BLOCKS:]), mean]
        if count >= LEAST_KNOWN and _has_changed(means, SCALES[series]):
            border = _border(means)
            events.append(_event(series, means[:border], means[border:], number, event_time))
            means = means[border:]
        histories.append(np.array(means, dtype="<f4").tobytes())
    return DriftMemory(origin=memory.origin, blocks=number, history=tuple(histories)), events


def _event(series: int, earlier: list[float], later: list[float], block: int, event_time: datetime) -> DriftEvent:
    """The change from the earlier block means to the later ones."""
    before, after = _mean(earlier), _mean(later)
    return DriftEvent(
        series=SERIES[series],
        direction="up" if after > before else "down",
        before=before,
        after=after,
        block=block,
        event_time=event_time,
    )


@cache
def _adwin() -> Any:
    """River's detector. It brings scikit-learn along, which functions and containers start without."""
    from river.drift import ADWIN

    return ADWIN


def _has_changed(means: list[float], scale: float) -> bool:
    """Whether the last block has made it certain that the level changed somewhere in these block means."""
    window = _adwin()(delta=DELTA, clock=1)
    for mean in means:
        window.update(mean * scale)
    return bool(window.drift_detected) and len(means) > 1


def _border(means: list[float]) -> int:
    """Where the new level begins: the split that explains most of the variance (least squares).

    ADWIN itself only drops old values until the rest could be of one level: it would report the change twice.
    """
    total, count = _mean(means) * len(means), len(means)
    best, border, sum_before = -1.0, 1, 0.0
    for split in range(1, count):
        sum_before += means[split - 1]
        difference = sum_before / split - (total - sum_before) / (count - split)
        explained = split * (count - split) / count * difference * difference
        if explained > best:
            best, border = explained, split
    return border


def _mean(values: list[float]) -> float:
    """The mean, added up from the left."""
    total = 0.0
    for value in values:
        total += value
    return total / len(values)
