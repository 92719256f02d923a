"""Facts about the pool of processes, with one that dies on demand."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from stream.explaining import pool
from stream.explaining.pool import DIED, ExplainerPool
from stream.explaining.process import Job, Result

JOBS = [Job(b"1"), Job(b"2", "late")]


class FakePool(Executor):
    """Answers with what it was asked, or is dead."""

    def __init__(self, dead: bool) -> None:
        self._dead = dead
        self.asked: list[Sequence[Job]] = []
        self.ended = False

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **_: Any) -> Future[Any]:
        (jobs,) = arguments
        self.asked.append(jobs)
        answer: Future[Any] = Future()
        if self._dead:
            answer.set_exception(BrokenProcessPool("gone"))
        else:
            answer.set_result([Result("lime", 0.0, b"k", job.value) for job in jobs])
        return answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.ended = True


class Pools:
    """Pools to open, so many of them dead."""

    def __init__(self, dead: int) -> None:
        self.opened = [FakePool(dead=number < dead) for number in range(dead + 1)]
        self._left = iter(self.opened)

    def __call__(self) -> Executor:
        return next(self._left)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "FIRST_PAUSE_SECONDS", 0.0)


async def test_jobs_are_answered_in_their_order_by_one_pool() -> None:
    pools = Pools(dead=0)
    explainers = ExplainerPool(pools)
    for _ in range(3):
        assert [each.value for each in await explainers.explain(JOBS)] == [b"1", b"2"]
    assert len(pools.opened[0].asked) == 3


async def test_a_pool_that_died_is_replaced_and_its_jobs_are_done_without_lime() -> None:
    restarts = []
    pools = Pools(dead=2)
    explainers = ExplainerPool(pools, lambda: restarts.append(1))
    explainers._pause = 0.0
    assert len(await explainers.explain(JOBS)) == 2
    assert len(restarts) == 2
    assert [pool.ended for pool in pools.opened] == [True, True, False]
    assert pools.opened[-1].asked == [[Job(b"1", DIED), Job(b"2", "late")]]


async def test_two_who_wait_for_one_pool_replace_it_once() -> None:
    restarts = []
    pools = Pools(dead=1)
    explainers = ExplainerPool(pools, lambda: restarts.append(1))
    explainers._pause = 0.0
    both = await asyncio.gather(explainers.explain(JOBS), explainers.explain(JOBS))
    assert [len(each) for each in both] == [2, 2]
    assert len(restarts) == 1


async def test_stopping_ends_the_processes() -> None:
    pools = Pools(dead=0)
    explainers = ExplainerPool(pools)
    await explainers.stop()
    await explainers.explain(JOBS)
    await explainers.stop()
    assert pools.opened[0].ended
