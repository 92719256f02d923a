"""Lists of integers as bytes, small and quick to read: what memories consist of.

Packing many lists at once costs hardly more than packing one; how many come together never changes the bytes.
"""

import sys
from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

_SIGNED_CODES = {2: "h", 4: "i", 8: "q"}
_LOW_BITS: Final = 16


class Packed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Times of one list, ascending and within 2^31 s, and the amount that belongs to each."""

    origin: int = 0
    """The first time."""
    lows: bytes = b""
    """The lower two bytes of each time since the origin."""
    highs: bytes = b""
    """What is above them: bit `high + place` is set for each (Elias, JACM 21(2), 1974; Fano, MIT 1971)."""
    amounts: bytes = b""
    """Non-negative, in 2, 3, 4 or 8 bytes each, as the largest needs."""


def pack_lists(times: Sequence[bytes], amounts: Sequence[bytes]) -> list[Packed]:
    r"""Pack some lists: n times of four bytes and n amounts of eight each, little-endian.

    >>> pack_lists([b"\1\0\0\0\3\0\1\0"], [bytes(16)])
    [Packed(origin=1, lows=b'\x00\x00\x02\x00', highs=b'\x05', amounts=b'\x00\x00\x00\x00')]
    """
    full = [place for place, each in enumerate(times) if each]
    packed = [Packed()] * len(times)
    if not full:
        return packed
    counts = np.array([len(times[place]) for place in full], dtype=np.int64) // 4
    ends = counts.cumsum()
    starts = ends - counts
    time = np.frombuffer(b"".join(times), dtype="<u4").astype(np.int64)
    origins = time[starts]
    sizes = (((time[ends - 1] - origins) >> _LOW_BITS) + counts - 1) // 8 + 1
    begins = sizes.cumsum() - sizes
    time -= origins.repeat(counts)
    lows = time.astype("<u2").tobytes()
    time >>= _LOW_BITS
    time += np.arange(len(time))
    time += (begins * 8 - starts).repeat(counts)
    flags = np.zeros(int(sizes.sum()) * 8, dtype=np.uint8)
    flags[time] = 1
    highs = np.packbits(flags, bitorder="little").tobytes()
    columns = zip(
        full,
        origins.tolist(),
        starts.tolist(),
        ends.tolist(),
        begins.tolist(),
        (begins + sizes).tolist(),
        _narrowed([amounts[place] for place in full], starts),
        strict=True,
    )
    for place, origin, start, end, begin, finish, narrow in columns:
        packed[place] = Packed(origin, lows[2 * start : 2 * end], highs[begin:finish], narrow)
    return packed


def unpack_lists(packed: Sequence[Packed]) -> list[tuple[bytes, bytes]]:
    r"""The inverse of `pack_lists`: times and amounts of each list.

    >>> unpack_lists(pack_lists([b"\1\0\0\0\3\0\1\0"], [bytes(16)])) == [(b"\1\0\0\0\3\0\1\0", bytes(16))]
    True
    """
    lists = [(b"", b"")] * len(packed)
    full = [place for place, each in enumerate(packed) if each.lows]
    if not full:
        return lists
    filled = [packed[place] for place in full]
    counts = np.array([len(each.lows) for each in filled], dtype=np.int64) // 2
    ends = counts.cumsum()
    starts = ends - counts
    lows = np.frombuffer(b"".join([each.lows for each in filled]), dtype="<u2")
    sizes = np.array([len(each.highs) for each in filled], dtype=np.int64)
    begins = sizes.cumsum() - sizes
    flags = np.unpackbits(np.frombuffer(b"".join([e.highs for e in filled]), dtype=np.uint8), bitorder="little")
    origins = np.array([each.origin for each in filled], dtype=np.int64) - ((begins * 8 - starts) << _LOW_BITS)
    time = np.flatnonzero(flags.view(np.bool_))  # eight times faster than of numbers
    time -= np.arange(len(time))
    time <<= _LOW_BITS
    time += lows
    time += origins.repeat(counts)
    times = time.astype("<u4").tobytes()
    amounts = _widened([each.amounts for each in filled], counts)
    for place, start, end, amount in zip(full, starts.tolist(), ends.tolist(), amounts, strict=True):
        lists[place] = times[4 * start : 4 * end], amount
    return lists


def _narrowed(wide: Sequence[bytes], starts: NDArray[np.int64]) -> list[bytes]:
    """The numbers of each list, eight bytes each, in as few bytes as its largest needs."""
    largest = np.maximum.reduceat(np.frombuffer(b"".join(wide), dtype="<u8"), starts)
    widths = 2 + (largest >= 2**16) + (largest >= 2**24) + 4 * (largest >= 2**32)
    return _resized(wide, [8] * len(wide), widths.tolist())


def _widened(narrow: Sequence[bytes], counts: NDArray[np.int64]) -> list[bytes]:
    """The numbers of each list in eight bytes each."""
    widths = np.array([len(data) for data in narrow], dtype=np.int64) // counts
    return _resized(narrow, widths.tolist(), [8] * len(narrow))


def _resized(lists: Sequence[bytes], widths: Sequence[int], wanted: Sequence[int]) -> list[bytes]:
    """Lists of little-endian numbers of some width each, in the widths that are wanted; all at once for each."""
    resized = [b""] * len(lists)
    together: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for place, change in enumerate(zip(widths, wanted, strict=True)):
        together[change].append(place)
    for (width, want), places in together.items():
        data, end = _converted(b"".join([lists[place] for place in places]), width, want), 0
        for place in places:
            start, end = end, end + len(lists[place]) // width * want
            resized[place] = data[start:end]
    return resized


def _converted(data: bytes, width: int, want: int) -> bytes:
    """Little-endian numbers of one width in another one, which they fit."""
    if 3 not in (width, want):
        return np.frombuffer(data, dtype=f"<u{width}").astype(f"<u{want}").tobytes()
    before = np.frombuffer(data, dtype=np.uint8).reshape(-1, width)
    after = np.zeros((len(before), want), dtype=np.uint8)
    for byte in range(min(width, want)):  # much faster than all bytes of one number after the other
        after[:, byte] = before[:, byte]
    return after.tobytes()


def pack_signed(numbers: "array[int]") -> bytes:
    """The numbers in 2, 4 or 8 bytes each, as the largest or smallest needs; little-endian."""
    if numbers.itemsize > 2 and numbers:
        numbers = array(_signed_code(min(numbers), max(numbers)), numbers)
    return little_endian(numbers).tobytes()


def unpack_signed(data: bytes, count: int) -> "array[int]":
    """The inverse of `pack_signed`: an array that may be changed.

    >>> unpack_signed(pack_signed(array("q", [1, -70_000])), 2)
    array('i', [1, -70000])
    """
    return little_endian(array(_SIGNED_CODES[len(data) // count] if count else "h", data))


def widened(numbers: "array[int]", number: int) -> "array[int]":
    """A copy of signed numbers that has room for one that does not fit."""
    return array(_signed_code(number, number), numbers)


def _signed_code(least: int, most: int) -> str:
    bits = max(most, -1 - least).bit_length()
    return "h" if bits < 16 else "i" if bits < 32 else "q"


def little_endian(numbers: "array[int]") -> "array[int]":
    """The numbers themselves where the machine is little-endian, else a copy that is."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers
