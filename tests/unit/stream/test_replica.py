"""The replica shows what its changelog tells, and says when it knows all."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
from aiokafka.structs import ConsumerRecord, TopicPartition

from detectors.memory_keys import merchant_key
from detectors.merchants.activity import Activity, Payment
from detectors.merchants.ledger import Ledger
from detectors.timing import Timing
from stream.replica import Replica
from stream.topics import MERCHANT_PROFILES
from tests.unit.stream.stages.fakes import record

PARTITIONS = 2


@dataclass
class FakeFollower:
    """A consumer whose partitions hold what the test appends; it ends with an error when told to."""

    logs: list[list[ConsumerRecord]] = field(default_factory=lambda: [[] for _ in range(PARTITIONS)])
    read: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    error: Exception | None = None
    more: asyncio.Event = field(default_factory=asyncio.Event)

    def append(self, partition: int, changes: dict[bytes, bytes | None]) -> None:
        log = self.logs[partition]
        for key, value in changes.items():
            log.append(record(len(log), value, topic=MERCHANT_PROFILES, partition=partition, key=key))
        self.more.set()

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def assign(self, partitions: Any) -> None: ...
    async def seek_to_beginning(self, *partitions: Any) -> None: ...

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: len(self.logs[tp.partition]) for tp in partitions}

    async def position(self, tp: TopicPartition) -> int:
        return self.read[tp.partition]

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[ConsumerRecord]]:
        """One record of each partition at a time, so that a test can stop in between."""
        if self.error is not None:
            raise self.error
        found = {}
        for partition, log in enumerate(self.logs):
            if self.read[partition] < len(log):
                found[TopicPartition(MERCHANT_PROFILES, partition)] = [log[self.read[partition]]]
                self.read[partition] += 1
        if not found:
            self.more.clear()
            await self.more.wait()
        return found


def hour_closed(partition: int, edge: int, merchant: str) -> dict[bytes, bytes | None]:
    """What the side path writes when an hour closes in which one merchant had one payment."""
    ledger = Ledger(partition, 1, Timing())
    ledger.add(Activity(0, edge, (Payment(1, merchant, edge - 1, 0),)))
    return dict(ledger.close({}.get))


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


async def test_it_has_caught_up_when_it_has_read_what_was_there_at_its_start() -> None:
    follower = FakeFollower()
    follower.append(0, hour_closed(0, 10, "m1"))
    follower.append(1, hour_closed(1, 11, "m2"))
    replica = Replica(follower, PARTITIONS)
    assert not replica.caught_up
    await replica.start()
    assert (replica.caught_up, replica.edge) == (False, 0)
    await replica.wait_caught_up()
    assert replica.caught_up
    assert (replica.edge, replica.newest_edge, len(replica)) == (10, 11, 2)
    found = replica.profile("m1")
    assert found is not None
    assert found.edge == 10
    assert replica.profile("nobody") is None
    await replica.stop()


async def test_whoever_takes_over_waits_until_it_knows_what_is_there_now() -> None:
    follower = FakeFollower()
    replica = Replica(follower, PARTITIONS)
    await replica.start()
    await settle()
    for partition in range(PARTITIONS):
        follower.append(partition, hour_closed(partition, 12, f"m{partition}"))
    assert replica.edge == 0
    await replica.overtake()
    assert replica.edge == 12
    await replica.stop()


async def test_a_changelog_that_cannot_be_read_holds_nobody_up_for_ever() -> None:
    follower = FakeFollower()
    replica = Replica(follower, PARTITIONS)
    await replica.start()
    await settle()
    follower.logs[0] += [record(0, b"value", topic=MERCHANT_PROFILES, partition=0, key=b"key")]
    with structlog.testing.capture_logs() as lines:
        await replica.overtake(seconds=0.05)
    assert [line["log_level"] for line in lines] == ["warning"]
    await replica.stop()


async def test_an_empty_changelog_is_known_at_once() -> None:
    replica = Replica(FakeFollower(), PARTITIONS)
    await replica.start()
    await replica.wait_caught_up()
    assert (replica.caught_up, replica.edge) == (True, 0)
    await replica.stop()


async def test_the_edge_is_that_of_the_partition_that_is_farthest_behind_and_its_rise_is_told() -> None:
    follower, edges = FakeFollower(), []
    replica = Replica(follower, PARTITIONS)
    replica.on_edge = lambda: edges.append(replica.edge)
    await replica.start()
    for partition, edge in ((0, 10), (1, 12), (0, 11), (0, 12), (1, 13)):
        follower.append(partition, hour_closed(partition, edge, f"m{edge}"))
        await settle()
    assert edges == [10, 11, 12]
    assert replica.profile("m12") is not None
    await replica.stop()


async def test_a_memory_that_was_deleted_is_forgotten() -> None:
    follower = FakeFollower()
    replica = Replica(follower, PARTITIONS)
    await replica.start()
    follower.append(0, hour_closed(0, 10, "m1"))
    follower.append(0, {merchant_key("m1"): None})
    await settle()
    assert replica.profile("m1") is None
    await replica.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_its_failure_is_told_and_ends_the_wait() -> None:
    """A worker must not go on with merchants that stand still."""
    follower, failures = FakeFollower(), []
    follower.append(0, hour_closed(0, 10, "m1"))
    follower.error = OSError("the broker is gone")
    replica = Replica(follower, PARTITIONS)
    replica.on_failure = failures.append
    await replica.start()
    async with asyncio.timeout(1):
        await replica.wait_caught_up()
    assert [str(each) for each in failures] == ["the broker is gone"]
    await replica.stop()
