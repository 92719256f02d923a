"""The processes that explain. One that dies is replaced; nothing that happens to them reaches the worker."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context
from typing import Final

import structlog

from stream.explaining.process import Job, Plan, Result, begin, explain_jobs

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0
"""Between two attempts to have processes at all."""
END_SECONDS: Final = 3.0
DIED: Final = "the process that explained it died"

OpenPool = Callable[[], Executor]


def process_pool(plan: Plan, processes: int) -> Executor:
    """Make a pool whose processes start when there is work; they share nothing with this one."""
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=begin, initargs=(plan,))


class ExplainerPool:
    """Hands jobs to processes, again and again until they are done."""

    def __init__(self, open_pool: OpenPool, on_restart: Callable[[], None] = lambda: None) -> None:
        self._open_pool = open_pool
        self._on_restart = on_restart
        self._pool: Executor | None = None
        self._pause = FIRST_PAUSE_SECONDS

    async def explain(self, jobs: Sequence[Job]) -> list[Result]:
        """Return what became of jobs, in their order, however long it takes.

        Jobs over which a process died are not tried with LIME again: one of them may be the reason.
        """
        while True:
            pool = self._pool = self._pool or self._open_pool()
            try:
                results = await asyncio.get_running_loop().run_in_executor(pool, explain_jobs, list(jobs))
            except BrokenProcessPool:
                await self._recover(pool)
                jobs = [replace(job, why_exact=job.why_exact or DIED) for job in jobs]
            else:
                self._pause = FIRST_PAUSE_SECONDS
                return results

    async def stop(self) -> None:
        """End the processes after what they are at; those that take too long end with this one."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            ending = asyncio.create_task(asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True))
            await asyncio.wait({ending}, timeout=END_SECONDS)

    async def _recover(self, broken: Executor) -> None:
        if self._pool is broken:
            self._pool = None
            self._on_restart()
            log.error("the processes that explain alerts died; others will take over", pause=self._pause)
            broken.shutdown(wait=False, cancel_futures=True)
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        await asyncio.sleep(pause)
