"""Cases kept in order, riskiest and newest first, however many there are. Pure."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Final, Literal, get_args

CaseStatus = Literal["open", "done", "suppressed"]
Sort = Literal["risk", "newest"]
STATUSES: Final[tuple[CaseStatus, ...]] = get_args(CaseStatus)
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)

Key = tuple[float | str, ...]
"""Sorts ascending; its last part is the case's id, which makes it unique."""


class Shelf:
    """Keys in ascending order. An insertion moves memory, no objects: some microseconds for 50,000."""

    def __init__(self) -> None:
        self._keys: list[Key] = []

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: Key) -> None:
        """Put a key in its place."""
        insort(self._keys, key)

    def remove(self, key: Key) -> None:
        """Take a key out, which has to be there."""
        place = bisect_left(self._keys, key)
        if self._keys[place] != key:
            raise KeyError(key)
        del self._keys[place]

    def after(self, key: Key | None) -> Iterator[Key]:
        """Yield the keys behind one, which need not be there any more; None yields all."""
        place = 0 if key is None else bisect_right(self._keys, key)
        for index in range(place, len(self._keys)):
            yield self._keys[index]


def parse_key(parts: object, sort: Sort) -> Key | None:
    """Return a key that came from outside; None if it is none.

    >>> parse_key([-2.0, "a"], "newest")
    (-2.0, 'a')
    >>> parse_key(["a"], "newest")
    """
    numbers = 1 if sort == "newest" else 3
    if not isinstance(parts, list) or len(parts) != numbers + 1 or not isinstance(parts[-1], str):
        return None
    if not all(isinstance(part, float | int) and not isinstance(part, bool) for part in parts[:-1]):
        return None
    return (*map(float, parts[:-1]), parts[-1])
