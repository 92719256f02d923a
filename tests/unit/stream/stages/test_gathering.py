"""Batches of different partitions share a look; those of one partition keep their order."""

import asyncio

import pytest

from stream.stages.gathering import MOST_RECORDS, Gathering
from stream.stages.lanes import Lanes
from tests.unit.stream.stages.fakes import FakeApp, FakeStream, message, record


def batch(partition, first=0, count=1):
    """A batch of so many records."""
    return message([record(first + i, b"", topic="t", partition=partition) for i in range(count)]).value


class Looks:
    """Writes down who was looked at together."""

    def __init__(self):
        self.taken = []

    def __call__(self, batches):
        self.taken.append([(each.partition, each.first_offset) for each in batches])
        return [f"{each.partition}:{each.first_offset}" for each in batches]


async def gather(looks, *batches):
    """Hand all batches over at the same moment."""
    gathering = Gathering(looks)
    return await asyncio.gather(*map(gathering.compute, batches))


async def test_what_waits_at_the_same_moment_is_looked_at_together():
    looks = Looks()
    assert await gather(looks, batch(0), batch(1), batch(2)) == ["0:0", "1:0", "2:0"]
    assert looks.taken == [[(0, 0), (1, 0), (2, 0)]]


async def test_batches_that_come_in_one_event_share_a_look():
    looks = Looks()

    class Nothing:
        async def apply(self):
            """No effects."""

    class Stage:
        compute = Gathering(lambda batches: [Nothing() for _ in looks(batches)]).compute

    app = FakeApp()
    lanes = Lanes(app, Stage())
    together = [message([record(0, partition=each)]) for each in range(4)]
    await lanes.run(FakeStream([together, message([record(1, partition=0)])]))
    await lanes.idle()
    assert looks.taken == [[(0, 0), (1, 0), (2, 0), (3, 0)], [(0, 1)]]
    assert len(app.consumer.finished) == 5


async def test_batches_of_one_partition_come_one_after_the_other():
    looks = Looks()
    assert await gather(looks, batch(0, 0), batch(0, 1), batch(1, 0), batch(0, 2)) == ["0:0", "0:1", "1:0", "0:2"]
    assert looks.taken == [[(0, 0), (1, 0)], [(0, 1)], [(0, 2)]]


async def test_large_batches_are_looked_at_alone():
    looks = Looks()
    await gather(looks, batch(0, count=MOST_RECORDS), batch(1, count=MOST_RECORDS), batch(2, count=5))
    assert looks.taken == [[(0, 0)], [(1, 0)], [(2, 0)]]


async def test_a_failure_reaches_everybody_who_was_looked_at():
    def fail(batches):
        raise OSError("no room")

    gathering = Gathering(fail)
    found = await asyncio.gather(gathering.compute(batch(0)), gathering.compute(batch(1)), return_exceptions=True)
    assert [str(each) for each in found] == ["no room", "no room"]


async def test_whoever_stops_waiting_does_not_disturb_the_others():
    gathering = Gathering(Looks())
    leaving = asyncio.create_task(gathering.compute(batch(0)))
    staying = asyncio.create_task(gathering.compute(batch(1)))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == "1:0"
    with pytest.raises(asyncio.CancelledError):
        await leaving
