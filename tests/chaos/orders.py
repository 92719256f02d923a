"""What a worker under test is told to do to itself: one order at a time, in a file that it looks for."""

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.chaos.plan import Kind, Point


class Order(msgspec.Struct, frozen=True):
    """Die or freeze at a point of the next batch that holds payments."""

    kind: Kind
    point: Point
    delay_ms: int = 0
    """Of an end inside 3: for how long the write is already under way."""


@dataclass(frozen=True, slots=True)
class OrderBox:
    """A file's worth of order, written by the test and taken by the worker."""

    path: Path

    def give(self, order: Order) -> None:
        """Leave an order, whole."""
        draft = self.path.with_suffix(".draft")
        draft.write_bytes(msgspec.json.encode(order))
        os.replace(draft, self.path)

    def look(self) -> Order | None:
        """Return the order; None where there is none."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Order)
        except FileNotFoundError:
            return None

    def take(self) -> bool:
        """Take the order away, to carry it out or since it is no longer wanted; False if somebody else did."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True

    @property
    def empty(self) -> bool:
        """Whether there is no order."""
        return not self.path.exists()
