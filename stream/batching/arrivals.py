"""Which partitions it is time to ask for."""

from collections.abc import Mapping

from faust.types import TP


class Arrivals:
    """Knows when each partition last delivered.

    `lingers` gives, by topic, how many seconds at least lie between two deliveries of a partition: where nobody
    waits for the answer, few large batches cost less than many small ones.
    """

    def __init__(self, lingers: Mapping[str, float]) -> None:
        self._lingers = lingers
        self._last: dict[TP, float] = {}

    def is_due(self, tp: TP, now: float) -> bool:
        """Tell whether a partition may deliver at `now`, in seconds of a monotonic clock."""
        linger = self._lingers.get(tp.topic)
        return linger is None or now - self._last.get(tp, -linger) >= linger

    def deliver(self, tp: TP, now: float) -> None:
        """Note that a batch sets out for its stage."""
        self._last[tp] = now
