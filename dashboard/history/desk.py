"""Takes questions from pages: few at a time go to the archive, each in a thread; equal ones share an answer."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from dashboard.errors import RequestError
from dashboard.history.answer import Answer
from dashboard.history.asking import ask
from dashboard.history.days import Asked, held_days
from dashboard.history.labels import Labels
from detectors.bundle import Manifest
from detectors.labels import Label

AT_ONCE: Final = 2
"""Questions that are answered at the same time; each takes a core and up to `connection.MEMORY`."""
MOST_WAITING: Final = 8
"""Questions beyond that are refused."""
FRESH_SECONDS: Final = 5.0
"""How long an answer serves an equal question: a page and its downloads, or several open pages."""
BUSY: Final = 503


class HistoryDesk:
    """Answers questions about days of an archive."""

    def __init__(
        self,
        archive: Callable[[], Any],
        labels: Labels,
        manifest: Callable[[], Manifest | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`archive` opens the Arrow data set; `manifest` is of the bundle in use; both may block."""
        self._archive = archive
        self._labels = labels
        self._manifest = manifest
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE)
        # Of its own: a thread keeps what it once took from the system, and the loop's pool has many.
        self._threads = ThreadPoolExecutor(AT_ONCE, "history")
        self._asked: dict[Asked, asyncio.Task[Answer | None]] = {}
        self._answered: dict[Asked, float] = {}

    async def answer(self, asked: Asked) -> Answer | None:
        """Return what the archive says; None if it holds nothing yet.

        Raises:
            ArchiveError: it cannot be read.
            RequestError: too many questions are waiting.
        """
        self._forget()
        task = self._asked.get(asked)
        if task is None:
            if len(self._asked) - len(self._answered) >= AT_ONCE + MOST_WAITING:
                raise RequestError("too many questions to the archive are waiting: ask again in a moment", BUSY)
            task = self._asked[asked] = asyncio.create_task(self._ask(asked))
            task.add_done_callback(lambda done: self._keep(asked, done))
        # Whoever goes away leaves the answer to those that wait for the same.
        return await asyncio.shield(task)

    async def _ask(self, asked: Asked) -> Answer | None:
        async with self._slots:
            # Here, not in the thread: labels are taken in while it runs.
            labels = self._labels.newest()
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._look_up, asked, labels)

    def _look_up(self, asked: Asked, labels: Sequence[Label]) -> Answer | None:
        archive = self._archive()
        held = held_days(archive)
        days = asked.resolve(held)
        if held is None or days is None:
            return None
        return ask(archive, held, days, labels, self._manifest(), backfill=asked.backfill)

    def _keep(self, asked: Asked, done: asyncio.Task[Answer | None]) -> None:
        if done.cancelled() or done.exception() is not None:
            del self._asked[asked]
        else:
            self._answered[asked] = self._clock()

    def _forget(self) -> None:
        stale = self._clock() - FRESH_SECONDS
        for asked in [asked for asked, since in self._answered.items() if since <= stale]:
            del self._answered[asked], self._asked[asked]
