"""Where payments of the newest minutes came from: counters that forget, by country and by degree. Pure."""

from collections import Counter, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Fading(Generic[Key]):
    """Counts by key over a sliding window of seconds, in steps.

    >>> counts = Fading[str](window=10, step=5)
    >>> counts.add(100, Counter({"FR": 3}))
    >>> counts.totals(105)["FR"], counts.totals(115)["FR"]
    (3, 0)
    """

    def __init__(self, window: int, step: int) -> None:
        self._window = window
        self._step = step
        self._parts: deque[tuple[int, Counter[Key]]] = deque()
        self._totals: Counter[Key] = Counter()

    def add(self, second: int, counts: Counter[Key]) -> None:
        """Add what was counted at a second; what is older than the newest joins the newest."""
        start = second - second % self._step
        if not self._parts or self._parts[-1][0] < start:
            self._parts.append((start, Counter()))
        self._parts[-1][1].update(counts)
        self._totals.update(counts)

    def totals(self, now: int) -> Counter[Key]:
        """Return the counts of the window that ends now; the result is not to be changed."""
        while self._parts and self._parts[0][0] + self._step <= now - self._window:
            _, gone = self._parts.popleft()
            for key, count in gone.items():
                self._totals[key] -= count
                if self._totals[key] <= 0:
                    del self._totals[key]
        return self._totals
