"""Which partitions it is time to ask for, and which of their batches are still on the way to a stage."""

from collections.abc import Mapping

from faust.types import TP


class Arrivals:
    """Knows when each partition last delivered, and what of it no stage has taken up yet.

    `lingers` gives, by topic, how many seconds at least lie between two deliveries of a partition: where nobody
    waits for the answer, few large batches cost less than many small ones.
    """

    def __init__(self, lingers: Mapping[str, float]) -> None:
        self._lingers = lingers
        self._last: dict[TP, float] = {}
        self._on_the_way: dict[TP, set[int]] = {}

    def is_due(self, tp: TP, now: float) -> bool:
        """Tell whether a partition may deliver at `now`, in seconds of a monotonic clock."""
        linger = self._lingers.get(tp.topic)
        return linger is None or now - self._last.get(tp, -linger) >= linger

    def deliver(self, tp: TP, end: int, now: float) -> None:
        """Note that a batch up to `end` sets out for its stage."""
        self._last[tp] = now
        self._on_the_way.setdefault(tp, set()).add(end)

    def arrive(self, tp: TP, end: int) -> None:
        """Note that it has come there."""
        self._on_the_way.get(tp, set()).discard(end)

    def forget(self, tp: TP) -> None:
        """Expect nothing more of a partition."""
        self._on_the_way.pop(tp, None)

    def expects(self, topic: str) -> bool:
        """Tell whether batches of a topic are on the way."""
        return any(ends for tp, ends in self._on_the_way.items() if tp.topic == topic)
