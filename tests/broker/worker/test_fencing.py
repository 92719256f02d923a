"""A worker that was paused past its session: what it still wants to write is refused, and nothing shows of it."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerIdMapping
from aiokafka.structs import TopicPartition
from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient
from faust.types import TP

from stream.batching.fencing import FencedWriter
from stream.batching.identities import claim, renew
from stream.batching.producer import Outgoing
from stream.errors import Fenced
from stream.kafka import changelog_producer, claimant
from stream.settings import Settings
from stream.topics import ASSESSMENTS
from tests.broker.worker.test_restart import assert_memories_exact, uninterrupted
from tests.kafka_broker import ApacheKafka
from tests.pipeline.cluster import PARTITIONS, Cluster, recreate_topics
from tests.pipeline.folds import encoded, once
from tests.pipeline.process import WorkerProcess
from tests.pipeline.topics import Sending, produce, values
from tests.pipeline.traffic import payments
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(90)
COUNT = 4_000
HALF = COUNT // 2
SMALL_BATCHES = "100"
CHANGES = [Outgoing(b"key", b"value"), Outgoing(b"other", b"value")]
FENCED = (
    r"worker crashed .*another worker has taken over partition \d of \S+-memories-changelog: this one was away too"
    r" long \(session timeout 6 s\); it ends"
)
FORGETFUL = {
    "transactional.id.expiration.ms": "2000",
    "transaction.remove.expired.transaction.cleanup.interval.ms": "200",
}


def is_stopped(worker: WorkerProcess) -> bool:
    return Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def group_is(cluster: Cluster, state: ConsumerGroupState) -> bool:
    admin = AdminClient({**cluster.settings.kafka_client()})
    described = admin.describe_consumer_groups([cluster.name])[cluster.name].result(timeout=10)
    return bool(described.state == state)


def assert_exact(cluster: Cluster) -> None:
    for fold, records in zip(uninterrupted(cluster), cluster.read(ASSESSMENTS), strict=True):
        assert once(values(records)) == encoded(fold.assessments)
    assert_memories_exact(cluster)


def test_a_worker_that_wakes_after_its_session_cannot_write_memories_and_ends(cluster: Cluster) -> None:
    """It is stopped right before a write of memories, which it tries first thing when it wakes."""
    with (
        cluster.start_worker(
            fault="asleep-before-memories", RISKSTREAM_BATCH_MAX_RECORDS=SMALL_BATCHES
        ) as sleeper,
        cluster.start_worker(RISKSTREAM_BATCH_MAX_RECORDS=SMALL_BATCHES) as successor,
    ):
        sleeper.wait_ready()
        successor.wait_ready()
        cluster.send(payments(COUNT)[:HALF])
        wait_until(lambda: is_stopped(sleeper), 30, "the worker stops before its third write")
        cluster.send(payments(COUNT)[HALF:])
        cluster.wait_until_done([successor])

        os.kill(sleeper.pid, signal.SIGCONT)
        assert sleeper.exit_code() == 1
        assert re.search(FENCED, sleeper.log_text())
        # What it had under way in the first stage may come once more, and is skipped.
        cluster.wait_until_done([successor])
        successor.stop()
    assert_exact(cluster)


def test_a_worker_that_wakes_with_nothing_under_way_takes_its_partitions_over_anew(cluster: Cluster) -> None:
    """Somebody else had them meanwhile, though it is given the same ones again."""
    with cluster.start_worker(RISKSTREAM_BATCH_MAX_RECORDS=SMALL_BATCHES) as worker:
        cluster.send(payments(COUNT)[:HALF])
        cluster.wait_until_done([worker])
        os.kill(worker.pid, signal.SIGSTOP)
        wait_until(lambda: group_is(cluster, ConsumerGroupState.EMPTY), 30, "its session ends")
        asyncio.run(take_over(cluster.settings))
        os.kill(worker.pid, signal.SIGCONT)
        wait_until(lambda: group_is(cluster, ConsumerGroupState.STABLE), 30, "it is in the group again")
        cluster.send(payments(COUNT)[HALF:])
        cluster.wait_until_done([worker])
        worker.stop()
    assert_exact(cluster)


async def take_over(settings: Settings) -> None:
    """Claim every partition of the memories, as another worker would."""
    async with fenced_writer(settings) as writer:
        await writer.on_assigned({TP(settings.changelog_topic, each) for each in range(PARTITIONS)}, 1)


@asynccontextmanager
async def fenced_writer(settings: Settings, renew_seconds: float = 3600) -> AsyncIterator[FencedWriter]:
    """A writer of memories outside a worker."""

    def claiming(transactional_id: str) -> AIOKafkaProducer:
        return claimant(settings, transactional_id)

    topics = {settings.changelog_topic}
    writer = FencedWriter(changelog_producer(settings), claiming, settings.app_id, topics, 6, renew_seconds)
    await writer.start()
    try:
        yield writer
    finally:
        await writer.stop()


def test_of_two_writers_of_a_partition_the_one_that_took_it_over_last_writes(cluster: Cluster) -> None:
    begin(cluster.settings)
    asyncio.run(write_in_turn(cluster.settings))
    assert [len(records) for records in cluster.read(cluster.settings.changelog_topic)] == [7, 5, 1, 1]


def begin(settings: Settings) -> None:
    """Have a record in every partition: a broker that is still making them keeps markers waiting for 30 s."""
    first = [Sending(b"first", b"value", partition) for partition in range(PARTITIONS)]
    produce(settings.kafka_bootstrap, settings.changelog_topic, first)


async def write_in_turn(settings: Settings) -> None:
    topic = settings.changelog_topic
    both, first = {TP(topic, 0), TP(topic, 1)}, {TP(topic, 0)}
    async with fenced_writer(settings) as before, fenced_writer(settings) as after:
        await before.on_assigned(both, 1)
        assert await before.append(topic, 0, []) is None
        offsets = [await before.append(topic, 0, CHANGES) or 0 for _ in range(2)]
        # A marker of the claim may lie between the two.
        assert offsets[1] - offsets[0] in (2, 3)
        await after.on_assigned(first, 2)
        with pytest.raises(Fenced, match=rf"partition 0 of {topic}: .* \(session timeout 6 s\)"):
            await before.append(topic, 0, CHANGES)
        assert await after.append(topic, 0, CHANGES)
        for _ in range(2):
            assert await before.append(topic, 1, CHANGES), "what was not taken over is written as before"
        with pytest.raises(Fenced, match=f"partition 1 of {topic} was never taken over"):
            await after.append(topic, 1, CHANGES)


def test_the_broker_is_reminded_of_who_holds_a_partition(tmp_path: Path) -> None:
    """Transactional ids that are not used are forgotten; who then comes would not fence who was there before."""
    with ApacheKafka(tmp_path / "kafka", FORGETFUL) as kafka:
        settings = Settings(kafka_bootstrap=kafka.bootstrap, partitions=PARTITIONS, app_id="forgotten")
        recreate_topics(kafka.bootstrap, settings.app_id)
        begin(settings)
        asyncio.run(outlive_forgetting(settings))


async def outlive_forgetting(settings: Settings) -> None:
    kept, idle = (TopicPartition(settings.changelog_topic, each) for each in (0, 1))
    async with fenced_writer(settings, renew_seconds=0.3) as writer, fenced_writer(settings) as successor:
        await writer.on_assigned({TP(*kept)}, 1)
        identity = await claim(claimant(settings, "idle"), idle)
        reminding = asyncio.create_task(writer.keep_alive())
        # That time passes is what is tested here.
        await asyncio.wait({reminding}, timeout=4)
        with pytest.raises(InvalidProducerIdMapping):
            await renew(claimant(settings, "idle"), idle, identity)
        assert await writer.append(kept.topic, kept.partition, CHANGES)

        await successor.on_assigned({TP(*kept)}, 2)
        with pytest.raises(Fenced):
            await writer.append(kept.topic, kept.partition, CHANGES)
        with pytest.raises(Fenced):
            await reminding
