"""What several lanes send to the same partition goes out together, in their order."""

import asyncio
from typing import Any

import pytest

from stream.batching.outbox import Outbox
from stream.batching.producer import Outgoing, RecordTooLarge
from tests.unit.stream.stages.fakes import FakeBatchBuilder, FakeProducer


class SlowProducer(FakeProducer):
    """Its answers come when they are told to."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[asyncio.Future[Any]] = []

    async def send_batch(self, builder: FakeBatchBuilder, topic: str, *, partition: int) -> asyncio.Future[Any]:
        await super().send_batch(builder, topic, partition=partition)
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]


def records(*values: bytes) -> list[Outgoing]:
    return [Outgoing(None, value) for value in values]


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_is_sent_at_one_moment_is_one_record_batch_in_order() -> None:
    producer = FakeProducer()
    outbox = Outbox(producer)
    await asyncio.gather(outbox.send("told", 3, records(b"a", b"b")), outbox.send("told", 3, records(b"c")))
    assert [each.value for each in producer.sent_to("told")] == [b"a", b"b", b"c"]
    assert producer.batches == 1


async def test_partitions_have_record_batches_of_their_own() -> None:
    producer = FakeProducer()
    outbox = Outbox(producer)
    await asyncio.gather(outbox.send("told", 0, records(b"a")), outbox.send("told", 1, records(b"b")))
    assert [(each.partition, each.value) for each in producer.produced] == [(0, b"a"), (1, b"b")]
    assert producer.batches == 2


async def test_what_comes_while_an_answer_is_awaited_goes_out_together_after_it() -> None:
    producer = SlowProducer()
    outbox = Outbox(producer)
    first = outbox.send("told", 0, records(b"a"))
    await settle()
    later = [outbox.send("told", 0, records(each)) for each in (b"b", b"c")]
    await settle()
    assert ([each.value for each in producer.produced], first.done()) == ([b"a"], False)
    producer.answers[0].set_result(None)
    await settle()
    assert [each.value for each in producer.produced] == [b"a", b"b", b"c"]
    assert (first.done(), [each.done() for each in later]) == (True, [False, False])
    producer.answers[1].set_result(None)
    await asyncio.gather(*later)
    assert producer.batches == 2


async def test_nobody_is_told_of_a_delivery_that_failed_as_of_one_that_worked() -> None:
    producer = SlowProducer()
    outbox = Outbox(producer)
    both = [outbox.send("told", 0, records(each)) for each in (b"a", b"b")]
    await settle()
    producer.answers[0].set_exception(OSError("no broker"))
    found = await asyncio.gather(*both, return_exceptions=True)
    assert [str(each) for each in found] == ["no broker", "no broker"]


async def test_a_record_that_fits_no_batch_is_refused() -> None:
    class TinyProducer(FakeProducer):
        def create_batch(self) -> Any:
            return FullBuilder(0)

    class FullBuilder(FakeBatchBuilder):
        def append(self, **record: Any) -> None:
            return None

    with pytest.raises(RecordTooLarge):
        await Outbox(TinyProducer()).send("told", 0, records(b"a"))


async def test_whoever_stops_waiting_does_not_disturb_the_others() -> None:
    producer = SlowProducer()
    outbox = Outbox(producer)
    leaving, staying = (outbox.send("told", 0, records(each)) for each in (b"a", b"b"))
    await settle()
    leaving.cancel()
    producer.answers[0].set_result(None)
    await staying
    assert [each.value for each in producer.produced] == [b"a", b"b"]
