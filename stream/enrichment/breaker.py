"""A circuit breaker: after a few failures in a row, a dependency is left alone for a while.

Our own, because the kept libraries for asyncio go by the wall clock and let every waiting caller probe at once.
"""

import time
from collections.abc import Callable


class CircuitBreaker:
    """Open after `failures` in a row; then one caller in every `rest_s` seconds may try whether it works again."""

    def __init__(
        self, failures: int = 3, rest_s: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._rest_s = rest_s
        self._clock = clock
        self._failures = 0
        self._resting_until: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether callers are turned away at the moment."""
        return self._resting_until is not None

    def allows(self) -> bool:
        """Tell whether to try. While open, a True is the one try of its rest period."""
        if self._resting_until is None:
            return True
        now = self._clock()
        if now < self._resting_until:
            return False
        # Rest again at once: a try that is cancelled and reports nothing must not let a crowd through.
        self._resting_until = now + self._rest_s
        return True

    def succeeded(self) -> None:
        """Close the circuit."""
        self._failures = 0
        self._resting_until = None

    def failed(self) -> None:
        """Count a failure, and open the circuit at the limit."""
        self._failures += 1
        if self._failures >= self._limit:
            self._resting_until = self._clock() + self._rest_s
