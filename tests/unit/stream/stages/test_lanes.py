"""A lane applies the effects of its partition in order, and never goes on past a failure."""

import asyncio
from dataclasses import dataclass, field

import pytest

from stream.batching.batch import Batch, BatchMessage
from stream.stages.lanes import Lanes
from tests.unit.stream.stages.fakes import FakeApp, FakeStream, message, record


@dataclass
class Effects:
    offset: int
    stage: "Stage"

    async def apply(self) -> None:
        gate = self.stage.gates.get(self.offset)
        if gate is not None:
            await gate.wait()
        if self.offset in self.stage.failing:
            raise OSError(f"effects of {self.offset}")
        self.stage.applied.append(self.offset)


@dataclass
class Stage:
    """Computes nothing; effects wait for their gate, if they have one."""

    gates: dict[int, asyncio.Event] = field(default_factory=dict)
    failing: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    computed: list[int] = field(default_factory=list)
    applied: list[int] = field(default_factory=list)

    async def compute(self, batch: Batch) -> Effects:
        if batch.first_offset in self.broken:
            raise ValueError(f"computing {batch.first_offset}")
        self.computed.append(batch.first_offset)
        return Effects(batch.first_offset, self)


def batches(*offsets: int, partition: int = 0) -> list[BatchMessage]:
    return [message([record(offset, partition=partition)]) for offset in offsets]


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


async def run(stage: Stage, *messages: BatchMessage, app: FakeApp | None = None) -> tuple[FakeApp, Lanes]:
    app = app or FakeApp()
    lanes = Lanes(app, stage)
    await lanes.run(FakeStream(messages))
    await settle()
    return app, lanes


def offsets(messages: list[BatchMessage]) -> list[int]:
    return [each.value.first_offset for each in messages]


async def test_a_batch_is_finished_after_its_effects() -> None:
    gate = asyncio.Event()
    stage = Stage(gates={1: gate})
    app, lanes = await run(stage, *batches(1))
    assert (stage.computed, offsets(app.consumer.finished)) == ([1], [])
    gate.set()
    await lanes.idle()
    assert offsets(app.consumer.finished) == stage.applied == [1]


async def test_the_next_batch_is_computed_meanwhile_and_applied_afterwards() -> None:
    gate = asyncio.Event()
    stage = Stage(gates={1: gate})
    app, lanes = await run(stage, *batches(1, 2, 3))
    assert (stage.computed, stage.applied) == ([1, 2, 3], [])
    gate.set()
    await lanes.idle()
    assert stage.applied == offsets(app.consumer.finished) == [1, 2, 3]


async def test_partitions_do_not_wait_for_each_other() -> None:
    stage = Stage(gates={1: asyncio.Event()})
    app, _ = await run(stage, *batches(1, partition=0), *batches(7, 8, partition=1))
    assert offsets(app.consumer.finished) == [7, 8]
    stage.gates[1].set()
    await settle()
    assert offsets(app.consumer.finished) == [7, 8, 1]


@pytest.mark.parametrize("where", ["failing", "broken"])
async def test_a_failure_crashes_the_worker_and_nothing_behind_it_is_applied(where: str) -> None:
    stage = Stage(**{where: {2}})
    app, lanes = await run(stage, *batches(1, 2, 3, 4))
    await lanes.idle()
    assert stage.applied == offsets(app.consumer.finished) == [1]
    assert app.crashes
    assert "2" in str(app.crashes[0])


async def test_a_batch_that_a_rebalance_took_is_given_back_unread() -> None:
    app = FakeApp()
    app.consumer.stale.add(2)
    stage = Stage()
    await run(stage, *batches(1, 2), app=app)
    assert stage.computed == offsets(app.consumer.finished) == [1]
    assert offsets(app.consumer.abandoned) == [2]
    assert not app.crashes


async def test_a_lane_that_is_cancelled_gives_its_batch_back_and_is_no_crash() -> None:
    stage = Stage(gates={1: asyncio.Event()})
    app, lanes = await run(stage, *batches(1))
    waiting = asyncio.create_task(lanes.idle())
    await settle()
    waiting.cancel()
    await settle()
    assert offsets(app.consumer.abandoned) == [1]
    assert not app.consumer.finished
    assert not app.crashes


async def test_idle_returns_at_once_when_there_is_nothing_to_do() -> None:
    _, lanes = await run(Stage())
    async with asyncio.timeout(1):
        await lanes.idle()
