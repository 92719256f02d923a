"""Assessed payments as columns, which an evaluation works on: numbers and codes, never whole assessments."""

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

DAY: Final = 86_400_000_000
"""Microseconds."""
WEEK: Final = 7 * DAY
MONDAY: Final = 4 * DAY
"""1970-01-05, the first Monday of the clock."""
UNKNOWN: Final = -1
"""In `Scored.label`: nobody has judged the payment. In `Scored.pattern`: no kind of fraud is told."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Scored:
    """n assessed payments in event-time order."""

    time: NDArray[np.int64]
    """(n,) event time in microseconds since 1970, UTC; never falling."""
    account: NDArray[np.int32]
    """(n,) code of the account."""
    merchant: NDArray[np.int32]
    """(n,) code of the merchant."""
    score: NDArray[np.float64]
    """(n,) published score, 0 to 100."""
    statistic: NDArray[np.float64]
    """(n,) fused statistic that the score was made from."""
    level: NDArray[np.int8]
    """(n,) position in `detectors.assessment.LEVELS`."""
    maturity: NDArray[np.int8]
    """(n,) position in `detectors.thresholds.MATURITIES`."""
    alerted: NDArray[np.bool_]
    """(n,) whether an alert was published: a new one or an escalation."""
    amount: NDArray[np.float64]
    """(n,) in the bundle's base currency; NaN where the payment's currency has no rate."""
    scores: NDArray[np.float64]
    """(n, 4) raw scores in the order of `detectors.assessment.DETECTORS`; NaN where one cannot speak."""
    features: NDArray[np.float32]
    """(n, d) feature rows; NaN is missing."""
    label: NDArray[np.int8]
    """(n,) 1 fraud, 0 genuine, `UNKNOWN`."""
    pattern: NDArray[np.int32]
    """(n,) code of the kind of fraud, `UNKNOWN`."""

    def __len__(self) -> int:
        return len(self.time)

    def where(self, rows: slice | NDArray[np.bool_] | NDArray[np.int64]) -> "Scored":
        """Return some of the payments; a slice copies nothing."""
        return replace(self, **{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """(n,) whether somebody has judged the payment."""
        known: NDArray[np.bool_] = self.label != UNKNOWN
        return known

    @property
    def frauds(self) -> NDArray[np.bool_]:
        """(n,) known to be fraud."""
        known: NDArray[np.bool_] = self.label == 1
        return known


def microseconds(time: datetime) -> int:
    """Return a time as `Scored.time` has it.

    >>> microseconds(datetime(1970, 1, 2, tzinfo=UTC)) == DAY
    True
    """
    return (time - _EPOCH) // timedelta(microseconds=1)


def moment(time: int) -> datetime:
    """Return the time, UTC, of a value of `Scored.time`."""
    return _EPOCH + timedelta(microseconds=time)


def week_borders(time: NDArray[np.int64]) -> list[tuple[int, slice]]:
    """Cut rising times, (n,), at every Monday 00:00 UTC: start of each week, and where its payments are."""
    if len(time) == 0:
        return []
    weeks = (time - MONDAY) // WEEK
    starts = np.flatnonzero(np.diff(weeks, prepend=weeks[0] - 1)).tolist()
    ends = [*starts[1:], len(time)]
    return [(int(weeks[a]) * WEEK + MONDAY, slice(a, b)) for a, b in zip(starts, ends, strict=True)]
