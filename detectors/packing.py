"""Lists of integers as bytes: a memory decodes several times faster with them than with encoded lists."""

import sys
from array import array

_TYPECODES = {2: "H", 4: "I", 8: "Q"}


def pack(numbers: "array[int]") -> bytes:
    r"""The numbers in 2, 3, 4 or 8 bytes each, as the largest needs.

    Little-endian; of three bytes all the lowest come first, then all the middle ones, then all the highest.

    >>> pack(array("I", [1, 770])), pack(array("I", [1, 65_538]))
    (b'\x01\x00\x02\x03', b'\x01\x02\x00\x00\x00\x01')
    """
    data = _swapped(numbers).tobytes()
    if numbers.itemsize == 4 and not data[3::4].strip(b"\0"):
        highest = data[2::4]
        return data[0::4] + data[1::4] + highest if highest.strip(b"\0") else pack(array("H", numbers))
    if numbers.itemsize == 8 and max(numbers, default=0) < 2**32:
        return pack(array("I", numbers))
    return data


def unpack(data: bytes, count: int) -> "array[int]":
    r"""The inverse of `pack`: an array of 2, 4 or 8 bytes a number, that may be changed.

    >>> unpack(b"\x01\x02\x00\x00\x00\x01", 2)
    array('I', [1, 65538])
    """
    width = len(data) // count if count else 2
    if width == 3:
        planes, spread = bytearray(data), bytearray(4 * count)
        spread[0::4], spread[1::4], spread[2::4] = planes[:count], planes[count:-count], planes[-count:]
        return _swapped(array("I", spread))
    return _swapped(array(_TYPECODES[width], data))


def _swapped(numbers: "array[int]") -> "array[int]":
    """The numbers themselves where the machine is little-endian, else a copy that is."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers
