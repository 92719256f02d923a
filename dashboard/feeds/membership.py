"""Reads who works on what from a consumer group's own records. Pure."""

import struct
from typing import Final

_SHORT: Final = struct.Struct(">h")
_INT: Final = struct.Struct(">i")


def assigned_partitions(assignment: bytes, topic: str) -> int | None:
    r"""Count the partitions of a topic that a member was assigned; None where the bytes say something else.

    The format is Kafka's ConsumerProtocolAssignment: version, then each topic with its partitions; what follows is
    the assignor's own.

    >>> assigned_partitions(b"\0\0\0\0\0\1\0\1t\0\0\0\2\0\0\0\0\0\0\0\5", "t")
    2
    >>> assigned_partitions(b"", "t"), assigned_partitions(b"\0\0\0\0", "t")
    (0, None)
    """
    if not assignment:
        return 0
    found = 0
    try:
        (topics,), place = _INT.unpack_from(assignment, _SHORT.size), _SHORT.size + _INT.size
        for _ in range(topics):
            (length,) = _SHORT.unpack_from(assignment, place)
            name = assignment[place + _SHORT.size : place + _SHORT.size + length]
            (count,) = _INT.unpack_from(assignment, place := place + _SHORT.size + length)
            if length < 0 or count < 0:
                return None
            place += _INT.size * (1 + count)
            if name == topic.encode():
                found += count
    except struct.error:
        return None
    return found
