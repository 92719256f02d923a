"""Gathers batches of different partitions that wait at the same moment, so that one look at them does for all.

While a stage computes, more batches come: the busier a worker is, the more of them share a look, and what each
partition waits for does not grow with the number of partitions.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from stream.batching.batch import Batch

MOST_RECORDS = 1000
"""Looked at together: beyond that nothing is saved, and whoever else runs on this event loop has to wait."""

Result = TypeVar("Result")


class Gathering(Generic[Result]):
    """Hands batches to `work` in the order in which they come, never two of one partition at once."""

    def __init__(self, work: Callable[[Sequence[Batch]], Sequence[Result]]) -> None:
        self._work = work
        self._waiting: list[tuple[Batch, asyncio.Future[Result]]] = []

    async def compute(self, batch: Batch) -> Result:
        """Return what `work` makes of a batch, in company or alone; raise what it raises."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Result] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._look)
        self._waiting.append((batch, result))
        return await result

    def _look(self) -> None:
        together, self._waiting = _first_of_each(self._waiting)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._look)
        try:
            results = self._work([batch for batch, _ in together])
        except Exception as error:
            for _, result in together:
                if not result.done():
                    result.set_exception(error)
        else:
            for (_, result), made in zip(together, results, strict=True):
                if not result.done():
                    result.set_result(made)


Waiting = list[tuple[Batch, "asyncio.Future[Result]"]]


def _first_of_each(waiting: "Waiting[Result]") -> "tuple[Waiting[Result], Waiting[Result]]":
    """Split into what may be looked at together now and the rest, each in its order."""
    together: Waiting[Result] = []
    rest: Waiting[Result] = []
    partitions: set[int] = set()
    records = 0
    for batch, result in waiting:
        fits = not together or records + len(batch) <= MOST_RECORDS
        if batch.partition in partitions or not fits:
            rest.append((batch, result))
        else:
            together.append((batch, result))
            records += len(batch)
        partitions.add(batch.partition)
    return together, rest
