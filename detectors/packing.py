"""Lists of integers as bytes: a memory decodes several times faster with them than with encoded lists."""

import sys
from array import array


def unpack(data: bytes, typecode: str) -> "array[int]":
    """Little-endian integers as an array that may be changed."""
    numbers = array(typecode, data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def pack(numbers: "array[int]") -> bytes:
    """The inverse of `unpack`.

    >>> unpack(pack(array("I", [7, 9])), "I")
    array('I', [7, 9])
    """
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()
