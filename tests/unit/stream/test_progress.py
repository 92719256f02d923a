"""A worker says how far it knows merchants, and moves time on where nothing happens, once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from faust.types import TP

from detectors.clock import Clock, encode_clock
from detectors.events import TimeMark
from detectors.memory_keys import clock_key
from detectors.timing import Timing
from stream.headers import KIND, TIME_KIND
from stream.progress import IdleClock, Progress, ProgressReporter
from stream.topics import ENRICHED, MERCHANT_PROGRESS
from tests.unit.stream.stages.fakes import FakeProducer, FakeTable

LONG_AGO = -1e9


@dataclass
class Quiet:
    """A worker that holds partitions 0 and 1, of whose clocks the second is behind."""

    waiting: bool = False
    busy: bool = False
    newest: int = 20
    producer: FakeProducer = field(default_factory=FakeProducer)
    table: FakeTable = field(
        default_factory=lambda: FakeTable(
            local={clock_key(0): encode_clock(Clock(edge=20)), clock_key(1): encode_clock(Clock(edge=18))}
        )
    )

    def clock(self) -> IdleClock:
        async def is_at_end(tps: set[TP]) -> bool:
            return not self.waiting

        app: Any = SimpleNamespace(consumer=SimpleNamespace(is_at_end=is_at_end), rebalancing=False)
        lanes: Any = SimpleNamespace(last_batch=lambda partition: float("inf") if self.busy else LONG_AGO)
        parts: Any = (app, self.table, self.producer)
        return IdleClock(*parts, Timing(), [lanes], lambda: self.newest, lambda: [0, 1])


async def test_an_idle_partition_takes_the_time_from_the_others() -> None:
    quiet = Quiet()
    await quiet.clock().look()
    (mark,) = quiet.producer.produced
    assert (mark.topic, mark.partition, mark.headers) == (ENRICHED, 1, {KIND: TIME_KIND})
    time = msgspec.json.decode(mark.value or b"", type=TimeMark).time
    assert Timing().activity_edge(int(time.timestamp())) == 20


async def test_time_is_moved_on_once_and_again_after_an_assignment() -> None:
    quiet = Quiet()
    clock = quiet.clock()
    await clock.look()
    await clock.look()
    assert len(quiet.producer.produced) == 1
    clock.forget()
    await clock.look()
    assert len(quiet.producer.produced) == 2


@pytest.mark.parametrize("why", ["waiting", "busy"])
async def test_a_partition_with_something_to_do_is_left_alone(why: str) -> None:
    """A payment that waits would otherwise be late for its merchant."""
    quiet = Quiet(**{why: True})
    await quiet.clock().look()
    assert quiet.producer.produced == []


async def test_where_time_stands_still_everywhere_nothing_is_moved() -> None:
    quiet = Quiet(newest=18)
    await quiet.clock().look()
    assert quiet.producer.produced == []


async def reports(edges: Sequence[int]) -> FakeProducer:
    """Let the edge of a replica take some values, reporting each."""
    producer, replica = FakeProducer(), SimpleNamespace(edge=0)
    reporter = ProgressReporter(producer, replica, lambda: [0, 2])
    running = asyncio.create_task(reporter.run())
    for edge in edges:
        replica.edge = edge
        reporter.report()
        for _ in range(10):
            await asyncio.sleep(0)
    running.cancel()
    return producer


async def test_progress_is_reported_for_each_partition_that_is_held() -> None:
    producer = await reports([7, 8])
    assert [(each.topic, each.partition, each.key) for each in producer.produced] == [
        (MERCHANT_PROGRESS, 0, b"0"),
        (MERCHANT_PROGRESS, 2, b"2"),
    ] * 2
    edges = [msgspec.json.decode(each.value or b"", type=Progress).edge for each in producer.produced]
    assert edges == [7, 7, 8, 8]
