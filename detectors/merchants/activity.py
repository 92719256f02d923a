"""What a batch of payments and labels means to merchants: one record for each partition that keeps some of them.

The wire form of the topic `merchant-activity`: JSON arrays, since every payment has an entry.
"""

from typing import Final

import msgspec

Z_LIMIT: Final = 8.0
"""Deviations beyond this count as this much: one payment must not own a merchant's mean."""


class Payment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One payment, as its merchant sees it."""

    position: int
    """Offset of the record in the source's log; never falls within a source."""
    merchant_id: str
    hour: int
    """Hours since 1970 in which it counts: its own, or the first that was still open."""
    z_milli: int | None
    """Deviation of the amount from its account's habit, in thousandths; None where it is unknown."""


class LabelChange(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A fraud that becomes known, or turns out to be none."""

    position: int
    merchant_id: str
    hour: int
    change: int
    """1, or -1 for a retraction."""


class Activity(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """News from one partition of payments to one partition of merchants."""

    source: int
    """Partition of the payments."""
    edge: int
    """Hours before this are closed in the source: no payment will count in them any more."""
    payments: tuple[Payment, ...] = ()
    labels: tuple[LabelChange, ...] = ()
    log: str = ""
    """What positions count in: the id of the source's log, where it has one. A log made anew begins at 0 again."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Activity)


def encode_activity(activity: Activity) -> bytes:
    """The wire form."""
    return _encoder.encode(activity)


def decode_activity(data: bytes) -> Activity:
    """The inverse of `encode_activity`. Raises msgspec.DecodeError for anything else."""
    return _decoder.decode(data)


def z_milli(z: float) -> int | None:
    """A deviation as an entry has it.

    >>> z_milli(1.2345), z_milli(-20.0), z_milli(float("nan"))
    (1234, -8000, None)
    """
    if z != z:  # NaN
        return None
    return round(1000 * (Z_LIMIT if z > Z_LIMIT else -Z_LIMIT if z < -Z_LIMIT else z))
