"""Values that are kept for long and rarely looked at: compressed, in pages of their own. Pure.

Between values that come and go they would leave gaps in the heap which nothing fits into, and memory would grow
for hours although no more is held.
"""

import zlib
from mmap import mmap
from typing import Final, NamedTuple

PAGE_BYTES: Final = 1 << 20
_FASTEST: Final = 1


class Packed(NamedTuple):
    """A value in its page, which goes back to the system with the last of its values."""

    page: mmap
    start: int
    end: int

    def unpack(self) -> bytes:
        """Return the value."""
        return zlib.decompress(self.page[self.start : self.end])


class Packing:
    """Packs values, one thread at a time.

    >>> Packing().pack(b"value").unpack()
    b'value'
    """

    def __init__(self, page_bytes: int = PAGE_BYTES) -> None:
        self._page_bytes = page_bytes
        self._page = mmap(-1, page_bytes)
        self._used = 0

    def pack(self, value: bytes) -> Packed:
        """Keep a value for as long as the result is held."""
        data = zlib.compress(value, _FASTEST)
        if self._used + len(data) > len(self._page):
            self._page, self._used = mmap(-1, max(self._page_bytes, len(data))), 0
        start, self._used = self._used, self._used + len(data)
        self._page[start : self._used] = data
        return Packed(self._page, start, self._used)
