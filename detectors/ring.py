"""Small sets of the most recent hashes, each one `bytes` value: cheap to store and search, impossible to mutate.

A ring remembers *whether* something was seen, never what: no id can be read back from it.
"""

import math
from zlib import crc32


def short_hash(text: str, width: int = 4) -> bytes:
    """The bytes, four at most, that stand for a text in a ring.

    CRC-32 suffices: whoever could forge a collision with a known device knows its id and need not forge.
    """
    return crc32(text.encode()).to_bytes(4, "big")[-width:]


def find(ring: bytes, prefix: bytes, width: int) -> int:
    """Where the entry of `width` bytes that starts with `prefix` begins, or -1.

    >>> find(b"aabbcc", b"bb", 2), find(b"aabbcc", b"ab", 2)
    (2, -1)
    """
    at = ring.find(prefix)
    while at > 0 and at % width:  # a match across two neighbours is none
        at = ring.find(prefix, at + 1)
    return at


def meet(ring: bytes, entry: bytes | None, size: int) -> tuple[float, bytes]:
    """Whether `entry` is new to the ring (1.0, 0.0, or NaN: nothing to compare), and the ring with it as newest.

    The ring keeps the `size` most recent *distinct* entries.

    >>> meet(b"aabb", b"cc", 2)
    (1.0, b'bbcc')
    >>> meet(b"aabb", b"aa", 2)
    (0.0, b'bbaa')
    """
    if entry is None:
        return math.nan, ring
    if ring.endswith(entry):  # as it mostly does
        return 0.0, ring
    if not ring:
        return math.nan, entry
    width = len(entry)
    at = find(ring, entry, width)
    if at < 0:
        return 1.0, (ring + entry)[-size * width :]
    return 0.0, ring[:at] + ring[at + width :] + entry
