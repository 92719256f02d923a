"""How far time has come in one partition: which hours are closed there. Only payments and time marks move it."""

import msgspec

from detectors.stored import Codec

MEMORY_VERSION = 1


class Clock(msgspec.Struct, frozen=True, array_like=True):
    """The memory of a partition's time."""

    version: int = MEMORY_VERSION
    edge: int = 0
    """Hours since 1970 before which nothing is counted any more, in this partition."""


_codec = Codec(Clock, "A partition's clock", MEMORY_VERSION)
encode_clock = _codec.encode


def decode_clock(data: bytes | None) -> Clock:
    """The memory back from its bytes; a clock that has not moved for a partition without one."""
    return Clock() if data is None else _codec.decode(data)
