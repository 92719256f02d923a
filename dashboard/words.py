"""What things are called where people read them, and how times are written. Pure."""

from datetime import UTC, datetime
from typing import Final

from detectors.assessment import DETECTORS

DETECTOR_TITLES: Final = dict(
    zip(DETECTORS, ("z-score", "k-means", "isolation forest", "logistic regression"), strict=True)
)
"""Of the four detectors, in the order of `DETECTORS`."""


def iso(seconds: float) -> str:
    """Write seconds since 1970 as ISO 8601 in UTC, to the millisecond.

    >>> iso(1767225600.25)
    '2026-01-01T00:00:00.250Z'
    """
    return iso_time(datetime.fromtimestamp(seconds, UTC))


def iso_time(time: datetime) -> str:
    """Write a time as ISO 8601 in UTC, to the millisecond.

    >>> iso_time(datetime(2026, 1, 1, tzinfo=UTC))
    '2026-01-01T00:00:00.000Z'
    """
    return time.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
