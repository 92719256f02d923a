"""The one protocol of this package: `write` has the whole batch safely in its place when it returns, or raises.

A sink decides nothing about fraud, and nothing about when to write.
"""

from collections.abc import Hashable, Sequence
from typing import Generic, Protocol, TypeVar

Item = TypeVar("Item", bound=Hashable)
Item_contra = TypeVar("Item_contra", contravariant=True)


class Sink(Protocol[Item_contra]):
    """Takes batches. Writing the same items again changes nothing, so a caller may always repeat a write."""

    def write(self, batch: Sequence[Item_contra]) -> None:
        """Put every item of `batch` where it belongs, or raise a `SinkError`."""


class ListSink(Generic[Item]):
    """A list that is a sink, for tests: `items` holds everything written, once and in order.

    >>> sink: ListSink[str] = ListSink()
    >>> sink.write(["a", "b"])
    >>> sink.write(["b", "c"])
    >>> sink.items
    ['a', 'b', 'c']
    """

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._held: set[Item] = set()

    def write(self, batch: Sequence[Item]) -> None:
        """Keep the items that are not held yet."""
        for item in batch:
            if item not in self._held:
                self._held.add(item)
                self.items.append(item)
