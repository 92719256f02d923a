"""What is remembered of one account, as a frozen value of a few hundred bytes: hashes instead of ids."""

from collections.abc import Iterable
from struct import Struct

import msgspec

from detectors.assessment import RiskLevel
from detectors.numerics import NUMERICS, Running
from detectors.packing import Packed
from detectors.stored import Codec
from detectors.travel import Place

MEMORY_VERSION = 2


class AlertMemory(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last alert of an account, so that a burst gives one alert and then escalations."""

    event_time: int
    """Whole seconds since 1970, UTC."""
    level: RiskLevel
    codes: tuple[str, ...]


class AccountMemory(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Everything that an account's payments so far say about the next one."""

    version: int = MEMORY_VERSION
    payments: int = 0
    first_seen: int = 0
    """Whole seconds since 1970, UTC, as all times here."""
    recent: Packed = Packed()
    """Times of the latest payments, and cents of the base currency."""
    merged_hours: tuple[int, ...] = ()
    """Those before them, see `windows.RecentPayments`."""
    peak_times: tuple[int, ...] = ()
    peak_heights: tuple[int, ...] = ()
    statistics: bytes = b""
    """`mean_amount` and `habits`, trailing zeros left out."""
    hours: bytes = bytes(24)
    """Payments per hour of the day (UTC); all are halved when one would pass 255."""
    devices: bytes = b""
    merchants: bytes = b""
    countries: bytes = b""
    repeats: bytes = b""
    """The marks of the latest payments, see `repeats`."""
    last_place: Place | None = None
    alert: AlertMemory | None = None
    explained: bytes = b""
    labelled: bytes = b""
    """Payments that the account's habits explain, and those that were labelled, see `judged`."""

    @property
    def mean_amount(self) -> float:
        """Mean of the amounts that the habit of log_amount was learned from, in base currency."""
        return unpack_habits(self.statistics)[0]

    @property
    def habits(self) -> tuple[Running | None, ...]:
        """In the order of NUMERICS."""
        return unpack_habits(self.statistics)[1]


EMPTY = AccountMemory()
"""Of an account that nobody has seen."""
_MEAN, _HABIT = Struct("<d"), Struct("<Hdd")
_NO_HABIT = bytes(_HABIT.size)
_STATISTICS = Struct("<d" + "Hdd" * len(NUMERICS))
_codec = Codec(AccountMemory, "An account memory", MEMORY_VERSION)
encode_account = _codec.encode
decode_account = _codec.decode


def pack_habits(mean_amount: float, habits: Iterable[Running | None]) -> bytes:
    """A mean amount and habits in the order of NUMERICS as bytes."""
    packed = [_NO_HABIT if its is None else _HABIT.pack(its.count, its.mean, its.squares) for its in habits]
    return b"".join([_MEAN.pack(mean_amount), *packed]).rstrip(b"\0")


def unpack_habits(statistics: bytes) -> tuple[float, tuple[Running | None, ...]]:
    """The inverse of `pack_habits`."""
    numbers = _STATISTICS.unpack(statistics.ljust(_STATISTICS.size, b"\0"))
    mean_amount, count_a, a, aa, count_b, b, bb, count_c, c, cc, count_d, d, dd, count_e, e, ee = numbers
    return mean_amount, (
        Running(count_a, a, aa) if count_a else None,
        Running(count_b, b, bb) if count_b else None,
        Running(count_c, c, cc) if count_c else None,
        Running(count_d, d, dd) if count_d else None,
        Running(count_e, e, ee) if count_e else None,
    )
