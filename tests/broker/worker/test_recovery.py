"""Memories read back from a changelog that a real broker has compacted, and that ends in what is no memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from stream.batching.recovery import ChangelogReader
from stream.batching.stores import Store
from stream.batching.stores.memory import MemoryStore
from stream.batching.stores.rocks import RocksStores
from tests.kafka_broker import ApacheKafka
from tests.pipeline.topics import Sending, produce, read_topic
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(60)
PARTITIONS = 2
KEYS = 300
WRITES = 4_000
SEGMENT_MS = 200


@pytest.fixture(scope="module")
def compacting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheKafka]:
    """A broker that compacts as soon as it may, and not after 15 s."""
    properties = {"log.cleaner.backoff.ms": "50", "log.initial.task.delay.ms": "50"}
    with ApacheKafka(tmp_path_factory.mktemp("kafka"), properties) as broker:
        yield broker


@pytest.fixture(scope="module")
def changelog(compacting: ApacheKafka) -> str:
    """A changelog with holes and tombstones, and with the marker of a transaction at its end."""
    name = "memories-changelog"
    config = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01", "segment.ms": str(SEGMENT_MS)}
    admin = AdminClient({"bootstrap.servers": compacting.bootstrap, "log_level": 0})
    admin.create_topics([NewTopic(name, PARTITIONS, 1, config=config)])[name].result(10)
    produce(compacting.bootstrap, name, _writes())
    written = WRITES

    def is_compacted() -> bool:
        # Only a write closes a segment that is old enough.
        nonlocal written
        produce(compacting.bootstrap, name, [_write(written + each, each) for each in range(PARTITIONS)])
        written += PARTITIONS
        return sum(map(len, read_topic(compacting.bootstrap, name))) < WRITES / 2

    wait_until(is_compacted, 30, "the broker compacts")
    tombstones = [Sending(b"account/%d" % each, None, each % PARTITIONS) for each in (10, 11)]
    produce(compacting.bootstrap, name, tombstones)
    _transaction(compacting, name)
    return name


def _writes() -> Iterator[Sending]:
    """What is written once stays at its offset, so compaction must leave a hole behind it."""
    yield from (Sending(b"account/rare/%d" % each, b"once", each) for each in range(PARTITIONS))
    yield from (_write(number, number) for number in range(WRITES))


def _write(number: int, account: int) -> Sending:
    key = b"account/%d" % (account % KEYS)
    return Sending(key, b"%d of " % number + key + b"." * 400, (account % KEYS) % PARTITIONS)


def _transaction(kafka: ApacheKafka, topic: str) -> None:
    """Write one record to each partition, and a marker after it."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": "fence", "log_level": 0})
    producer.init_transactions(10)
    producer.begin_transaction()
    for partition in range(PARTITIONS):
        producer.produce(topic, b"1", b"fence/%d" % partition, partition=partition)
    producer.commit_transaction(10)


async def recover(kafka: ApacheKafka, stores: dict[TopicPartition, Store]) -> int:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20,
    )
    reader = ChangelogReader(consumer, stores)
    await reader.read()
    for store in stores.values():
        store.recovered()
    return reader.records


@pytest.fixture(params=["memory", "rocksdb"])
def stores(
    request: pytest.FixtureRequest, changelog: str, tmp_path: Path
) -> Iterator[dict[TopicPartition, Store]]:
    """An empty store for each partition."""
    rocks = RocksStores(tmp_path / "stores")
    opened: dict[TopicPartition, Store] = {
        TopicPartition(changelog, partition): (
            MemoryStore() if request.param == "memory" else rocks.open("memories", partition, "id")
        )
        for partition in range(PARTITIONS)
    }
    yield opened
    for store in opened.values():
        store.close()


async def test_recovery_gives_the_newest_value_of_every_key(
    compacting: ApacheKafka, changelog: str, stores: dict[TopicPartition, Store]
) -> None:
    count = await recover(compacting, stores)

    log = read_topic(compacting.bootstrap, changelog)
    assert 0 < count < WRITES / 2
    for partition, records in enumerate(log):
        offsets = [record.offset for record in records]
        store = stores[TopicPartition(changelog, partition)]
        read = store.reader()
        newest = {record.key: record.value for record in records}
        assert len(newest) == KEYS / PARTITIONS + 2
        assert {key: read(key) for key in newest if key is not None} == newest
        assert read(b"account/%d" % (10 + partition)) is None
        assert offsets[-1] - offsets[0] >= len(offsets), "compaction left holes"
        assert store.position > offsets[-1] + 1, "the last offset is that of a marker"


async def test_a_second_recovery_reads_only_what_came_since(
    compacting: ApacheKafka, changelog: str, stores: dict[TopicPartition, Store]
) -> None:
    await recover(compacting, stores)
    produce(compacting.bootstrap, changelog, [Sending(b"account/0", b"since", 0)])
    _transaction(compacting, changelog)

    assert await recover(compacting, stores) == 1 + PARTITIONS
    assert stores[TopicPartition(changelog, 0)].reader()(b"account/0") == b"since"
    assert await recover(compacting, stores) == 0
