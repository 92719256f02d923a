"""How batches that come at one moment reach their stages: one Faust event for each topic."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from faust.types import TP

from stream.batching.app import BatchApp
from stream.batching.consumer import BatchConsumer
from tests.unit.stream.batching.broker_model import ModelBroker, ModelThread
from tests.unit.stream.batching.test_consumer import ModelConsumer

PAYMENTS, ACTIVITY = "payments", "activity"
TPS = tuple(TP(topic, partition) for topic in (ACTIVITY, PAYMENTS) for partition in (0, 1))
RECORDS = 3

Steps = Callable[[BatchConsumer, list[Any]], Coroutine[Any, Any, None]]


def play(steps: Steps) -> None:
    """Hand over what one fetch brings a worker that declared payments first."""

    async def run() -> None:
        broker = ModelBroker(TPS)
        for tp in TPS:
            broker.append(tp, RECORDS, 0)
        thread = ModelThread(broker)
        thread.fetch_size = RECORDS
        app = BatchApp("model", fetch_wait_ms=1, batch_max_records=10, broker="kafka://127.0.0.1:1")
        app.batched_topics += [PAYMENTS, ACTIVITY]
        consumer = ModelConsumer(
            thread, app.transport, nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing
        )
        app.consumer = consumer
        app.consumer_generation_id = 1
        thread.assign(TPS)
        await consumer.on_partitions_assigned(set(TPS), 1)
        await consumer.perform_seek()
        messages = [message async for _, message in consumer.getmany(timeout=0.0)]
        for message in messages:
            consumer.track_message(message)
        await steps(consumer, messages)

    asyncio.run(run())


async def nothing(*arguments: Any, **named: Any) -> None:
    """Faust's own callbacks have no part in this."""


def test_batches_of_a_topic_come_together_and_topics_as_they_were_declared() -> None:
    async def steps(consumer: BatchConsumer, messages: list[Any]) -> None:
        assert [message.topic for message in messages] == [PAYMENTS, ACTIVITY]
        unpacked = [(each.tp, len(each.value)) for message in messages for each in consumer.unpack(message)]
        assert sorted(unpacked) == [(tp, RECORDS) for tp in TPS]

    play(steps)


def test_each_batch_is_acknowledged_by_itself() -> None:
    async def steps(consumer: BatchConsumer, messages: list[Any]) -> None:
        first, second = consumer.unpack(messages[0])
        consumer.finish(first)
        assert (consumer._new_offset(first.tp), consumer._new_offset(second.tp)) == (RECORDS, None)
        assert set(consumer._unacked_messages) == {second, messages[1]}
        consumer.finish(second)
        assert consumer._new_offset(second.tp) == RECORDS

    play(steps)


def test_what_faust_skips_is_neither_finished_nor_under_way() -> None:
    async def steps(consumer: BatchConsumer, messages: list[Any]) -> None:
        for message in messages:
            assert not consumer.ack(message)
        assert [consumer._new_offset(tp) for tp in TPS] == [None] * len(TPS)
        assert not consumer._unacked_messages
        assert await consumer.is_at_end(set(TPS)), "nothing of them is in flight"

    play(steps)


def test_every_partition_counts_as_read_and_not_only_the_one_that_the_event_names() -> None:
    """Faust would log an error for the others: streams that stand still."""

    async def steps(consumer: BatchConsumer, messages: list[Any]) -> None:
        for message in messages:
            consumer.unpack(message)
        assert set(TPS) <= set(consumer.app.monitor.stream_inbound_time)

    play(steps)
