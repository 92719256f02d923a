"""Where reading goes on after a rebalance, when things happen in the midst of it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import IllegalStateError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.types import TP

from stream.batching.app import BatchApp
from stream.batching.consumer import BatchConsumer
from stream.batching.thread import BatchConsumerThread
from tests.unit.stream.batching.broker_model import ModelBroker, ModelThread
from tests.unit.stream.batching.test_consumer import ModelConsumer

KEPT, NEW = TP("payments", 0), TP("payments", 1)
Steps = Callable[[BatchApp, ModelThread, BatchConsumer], Coroutine[Any, Any, None]]


def play(steps: Steps) -> None:
    """A worker that holds one partition of two, on logs of ten records of which the group has committed five."""

    async def run() -> None:
        broker = ModelBroker((KEPT, NEW))
        for tp in broker.tps:
            broker.append(tp, 10, 0)
            broker.committed[tp] = 5
        thread = ModelThread(broker)
        app = BatchApp("model", fetch_wait_ms=1, batch_max_records=3, broker="kafka://127.0.0.1:1")
        app.batched_topics.append("payments")
        consumer = ModelConsumer(
            thread, app.transport, nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing
        )
        app.consumer = consumer
        await deal_out(app, thread, {KEPT}, 1)
        await steps(app, thread, consumer)

    asyncio.run(run())


async def deal_out(app: BatchApp, thread: ModelThread, tps: set[TP], generation: int) -> None:
    app.consumer_generation_id = generation
    thread.assign(tps)
    await app.consumer.on_partitions_assigned(tps, generation)


async def nothing(*arguments: Any, **named: Any) -> None:
    """Faust's own callbacks have no part in this."""


async def fetch(consumer: BatchConsumer) -> list[tuple[TP, int]]:
    messages = [message async for _, message in consumer.getmany(timeout=0.0)]
    return [(each.tp, each.value.first_offset) for message in messages for each in consumer.unpack(message)]


def test_a_partition_dealt_out_while_others_are_sought_is_not_read_from_its_beginning() -> None:
    async def steps(app: BatchApp, thread: ModelThread, consumer: BatchConsumer) -> None:
        async def overtake(_: object) -> None:
            app.resume_hooks.clear()
            await deal_out(app, thread, {KEPT, NEW}, 2)

        app.resume_hooks.append(overtake)
        await consumer.perform_seek()
        assert thread.positions == {KEPT: 5, NEW: 5}
        assert await fetch(consumer) == [], "these seek for themselves first"
        await consumer.perform_seek()
        assert await fetch(consumer) == [(KEPT, 5), (NEW, 5)]

    play(steps)


def test_nobody_seeks_in_the_midst_of_a_rebalance() -> None:
    """Faust does when its flow stops while records are fetched, and goes by partitions that change meanwhile."""

    async def steps(app: BatchApp, thread: ModelThread, consumer: BatchConsumer) -> None:
        await consumer.perform_seek()
        read = thread.getmany

        async def stop_then_read(*arguments: Any) -> Any:
            consumer.stop_flow()
            return await read(*arguments)

        thread.__dict__["getmany"] = stop_then_read
        assert await fetch(consumer) == []
        assert thread.positions[KEPT] == 6, "the seek at the end of the rebalance mends that"

    play(steps)


def thread_on(answer: Callable[[Any], Awaitable[Any]], assignment: Any, sought: dict[TP, int]) -> Any:
    """Return a thread whose coordinator answers so."""
    consumer = SimpleNamespace(
        _subscription=SimpleNamespace(subscription=SimpleNamespace(assignment=assignment)),
        _coordinator=SimpleNamespace(fetch_committed_offsets=answer),
        seek=lambda tp, offset: sought.update({TP(*tp): offset}),
    )
    return SimpleNamespace(_ensure_consumer=lambda: consumer)


def test_all_partitions_are_sought_at_once() -> None:
    sought: dict[TP, int] = {}
    assignment = SimpleNamespace(tps={TopicPartition(*KEPT), TopicPartition(*NEW)}, active=True)

    async def answer(partitions: Any) -> Any:
        assert set(partitions) == assignment.tps
        return {TopicPartition(*KEPT): OffsetAndMetadata(7, "")}

    told = asyncio.run(BatchConsumerThread._seek_to_committed(thread_on(answer, assignment, sought)))
    assert (told, sought) == ({KEPT: 7, NEW: None}, {KEPT: 7})


def test_offsets_of_an_assignment_that_is_over_move_nothing() -> None:
    sought: dict[TP, int] = {}
    assignment = SimpleNamespace(tps={TopicPartition(*KEPT)}, active=True)

    async def answer(partitions: Any) -> Any:
        assignment.active = False
        return {each: OffsetAndMetadata(7, "") for each in partitions}

    with pytest.raises(IllegalStateError, match="dealt out anew"):
        asyncio.run(BatchConsumerThread._seek_to_committed(thread_on(answer, assignment, sought)))
    assert sought == {}
