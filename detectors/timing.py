"""When the hours of merchants close: everybody who reads or writes their totals takes the borders from here.

Hours are whole hours since 1970, UTC. Totals of an hour are read only once it is closed, so that all readers,
live or in a replay, see the same numbers.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from detectors.windows import HOUR


class Timing(msgspec.Struct, frozen=True):
    """How long closing waits: two constants that belong to a bundle."""

    delay_hours: int = 168
    """How long a label usually takes; frauds are counted once their labels had this time to arrive."""
    grace_s: int = 600
    """How much later than a younger payment a payment may come and still count in its own hour."""

    def activity_edge(self, seconds: int) -> int:
        """The hour before which totals are closed for somebody at this time (seconds since 1970).

        >>> Timing().activity_edge(7200 + 599), Timing().activity_edge(7200 + 600)
        (1, 2)
        """
        return max(0, seconds - self.grace_s) // HOUR

    def activity_edges(self, seconds: Sequence[int]) -> list[int]:
        """`activity_edge` of each.

        >>> Timing().activity_edges([0, 7200 + 599, 7200 + 600])
        [0, 1, 2]
        """
        return list((np.maximum(np.array(seconds, dtype=np.int64) - self.grace_s, 0) // HOUR).tolist())

    def label_edge(self, seconds: int) -> int:
        """The hour before which frauds are known, as far as they ever will be on time.

        >>> Timing().label_edge(200 * 3600 + 600)
        32
        """
        return self.activity_edge(seconds) - self.delay_hours

    def first_second(self, edge: int) -> int:
        """The earliest time (seconds since 1970) whose activity edge is `edge`: the inverse of `activity_edge`.

        >>> Timing().activity_edge(Timing().first_second(5))
        5
        """
        return edge * HOUR + self.grace_s
