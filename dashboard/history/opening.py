"""Keeps the archive open for a while: to open it is to list it, a request for every day that it holds."""

import threading
import time
from collections.abc import Callable
from typing import Any


class KeptOpen:
    """Opens an archive at most every so often; objects written since then are not seen. Threads may share it."""

    def __init__(
        self, archive: Callable[[], Any], seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`archive` opens the Arrow data set; `seconds` is how long it is taken as it was."""
        self._archive = archive
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._opened: tuple[float, Any] | None = None

    def __call__(self) -> Any:
        """Return the data set; a failure is not kept."""
        with self._lock:
            if self._opened is None or self._clock() >= self._opened[0] + self._seconds:
                self._opened = None
                opened = self._archive()
                self._opened = self._clock(), opened
            return self._opened[1]
