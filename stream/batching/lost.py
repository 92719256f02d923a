"""Finds partitions that stand still because a batch of theirs got lost on the way to its stage."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from faust.types import TP

from stream.batching.offsets import OffsetRanges

if TYPE_CHECKING:
    from stream.batching.consumer import BatchConsumer

LOST_SECONDS = 5.0
"""How long a partition may stand still with something to do and nobody at work before it is read again."""

_State = tuple[int, int, int]
"""Of a partition: up to where it is finished, up to where delivered, and its end."""


class LostBatches:
    """Watches the partitions of one consumer: nothing new need come to show that something is missing."""

    def __init__(self, consumer: "BatchConsumer") -> None:
        self._consumer = consumer
        self._still: dict[TP, tuple[_State, float]] = {}

    def forget(self, tp: TP) -> None:
        """Stop watching a partition."""
        self._still.pop(tp, None)

    def find(self, ranges: dict[TP, OffsetRanges], at_work: set[TP], now: float) -> Iterator[TP]:
        """Yield partitions that stood still for `LOST_SECONDS`, though there is more and nobody is at work.

        `now` is in seconds of a monotonic clock.
        """
        for tp, each in list(ranges.items()):
            state = None if tp in at_work else self._unfinished(tp, each)
            before, since = self._still.get(tp, (None, now))
            if state is None:
                self._still.pop(tp, None)
            elif state != before:
                self._still[tp] = (state, now)
            elif now - since >= LOST_SECONDS:
                self._still[tp] = (state, now)
                yield tp

    def _unfinished(self, tp: TP, ranges: OffsetRanges) -> _State | None:
        """Return how far a partition is if there is anything left to do, else None."""
        if ranges.expected is None or tp not in self._consumer.assignment():
            return None
        finished = ranges.expected if ranges.low is None else ranges.low
        end = self._consumer.highwater(tp) or 0
        return (finished, ranges.expected, end) if finished < max(end, ranges.expected) else None
