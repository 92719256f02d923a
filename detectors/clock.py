"""How far time has come in one partition: which hours are closed there. Only payments and time marks move it."""

import msgspec

from detectors.errors import MemoryFormatError

MEMORY_VERSION = 1


class Clock(msgspec.Struct, frozen=True, array_like=True):
    """The memory of a partition's time."""

    version: int = MEMORY_VERSION
    edge: int = 0
    """Hours since 1970 before which nothing is counted any more, in this partition."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Clock)


def encode_clock(clock: Clock) -> bytes:
    """The memory as a changelog keeps it."""
    return _encoder.encode(clock)


def decode_clock(data: bytes | None) -> Clock:
    """The memory back from its bytes; a clock that has not moved for a partition without one."""
    if data is None:
        return Clock()
    try:
        clock = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise MemoryFormatError(f"A partition's clock ({len(data)} bytes) cannot be read: {error}.") from error
    if clock.version != MEMORY_VERSION:
        raise MemoryFormatError(
            f"A partition's clock has version {clock.version}, this release reads {MEMORY_VERSION}."
        )
    return clock
