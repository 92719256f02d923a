"""Fifty thousand payments through Kinesis while shards split and merge and the adapter is killed: all is exact."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition

from detectors.frozen import freeze
from detectors.transaction import Transaction
from sinks.bundles import load_bundle, save_bundle
from stream.kinesis.adapter import Plan, run_adapter
from stream.kinesis.checkpoints import CheckpointLog
from stream.topics import ASSESSMENTS, ENRICHED
from tests.aws.kinesis.streams import StreamUnderTest
from tests.aws.localstack import LocalStack
from tests.kafka_broker import ApacheKafka
from tests.pipeline.cluster import PARTITIONS, Cluster, recreate_topics
from tests.pipeline.folds import ExpectedPartition, event_of
from tests.pipeline.process import WorkerProcess
from tests.pipeline.topics import Logged, values
from tests.pipeline.traffic import payments, small_bundle
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(900)
COUNT = 50_000
SHARDS = 4
SECONDS = 600.0
"""The emulator takes records the more slowly the more it holds already: it sets the pace of this test."""


@dataclass(frozen=True)
class Run:
    """What the topics hold after both runs of the same payments."""

    stream: StreamUnderTest
    by_kafka: Sequence[dict[bytes, bytes]]
    """Memories of the run without Kinesis."""
    memories: Sequence[dict[bytes, bytes]]
    assessments: Sequence[Sequence[Logged]]
    enriched: Sequence[Sequence[Logged]]
    expected: Sequence[ExpectedPartition]
    ended: int
    """Shards that were read to their end."""


@pytest.fixture(scope="module")
def cluster(kafka: ApacheKafka, localstack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """A cluster whose score depends on the account alone: what comes beside a payment differs from run to run."""
    directory = tmp_path_factory.mktemp("exactness")
    save_bundle(freeze(small_bundle()), directory / "bundle")
    bundle = load_bundle(directory / "bundle")
    assert bundle.clusters.rate == 0
    return Cluster(kafka.bootstrap, localstack.endpoint, bundle, directory / "bundle", directory)


@pytest.fixture(scope="module")
def run(cluster: Cluster, localstack: LocalStack) -> Run:
    """The same payments through Kafka alone, and through a stream that changes while its adapter is killed."""
    stream = StreamUnderTest(localstack.endpoint, SHARDS)
    with sending(stream, payments(COUNT)) as sender:
        by_kafka = run_kafka(cluster)
        recreate_topics(cluster.bootstrap, cluster.name)
        with cluster.start_worker() as worker:
            with start_adapter(cluster, stream) as adapter:
                wait_for(lambda: sender.count > COUNT // 4, "a quarter is sent")
                stream.split(stream.open_shards()[0].id)
                wait_for(lambda: len_of(cluster, ENRICHED) > COUNT // 4, "a quarter is passed on")
                kill_at_work(cluster, adapter, sender)
            with start_adapter(cluster, stream) as adapter:
                wait_for(lambda: sender.count > COUNT // 2, "half of it is sent")
                *_, left, right = stream.open_shards()
                stream.merge(left.id, right.id)
                wait_for(lambda: not sender.running, "everything is sent")
                adapter.stop()
            asyncio.run(run_adapter(cluster.settings, stream.stream, Plan(once=True)))
            cluster.wait_until_done([worker])
            worker.stop()
    with CheckpointLog(cluster.settings) as log:
        ended = sum(each.ended for each in log.of(stream.stream.describe().source).values())
    return Run(
        stream,
        by_kafka,
        cluster.memories(),
        cluster.read(ASSESSMENTS),
        cluster.read(ENRICHED),
        cluster.expected(),
        ended,
    )


class Sending(threading.Thread):
    """Sends payments to a stream beside the test, and knows how many are there."""

    def __init__(self, stream: StreamUnderTest, sent: Sequence[Transaction]) -> None:
        super().__init__(name="sending")
        self._stream = stream
        self._sent = sent
        self.count = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._stream.send(self._sent, lambda report: setattr(self, "count", report.acknowledged))
        except BaseException as error:
            self.failure = error

    @property
    def running(self) -> bool:
        """Whether it is still sending; raises what made it end."""
        if self.failure is not None:
            raise self.failure
        return self.is_alive()


@contextmanager
def sending(stream: StreamUnderTest, sent: Sequence[Transaction]) -> Iterator[Sending]:
    thread = Sending(stream, sent)
    thread.daemon = True
    thread.start()
    yield thread
    thread.join()


def run_kafka(cluster: Cluster) -> list[dict[bytes, bytes]]:
    recreate_topics(cluster.bootstrap, cluster.name)
    with cluster.start_worker() as worker:
        cluster.send(payments(COUNT))
        cluster.wait_until_done([worker], SECONDS)
        worker.stop()
    return cluster.memories()


def kill_at_work(cluster: Cluster, adapter: WorkerProcess, sender: Sending) -> None:
    """Let work pile up, and kill the adapter as soon as some of it is passed on."""
    adapter.pause()
    sent, there = sender.count, len_of(cluster, ENRICHED)
    wait_for(lambda: sender.count > sent + COUNT // 8, "work has piled up")
    adapter.resume()
    wait_for(lambda: len_of(cluster, ENRICHED) > there, "some of it is passed on")
    adapter.kill()


def start_adapter(cluster: Cluster, stream: StreamUnderTest) -> WorkerProcess:
    arguments = ("kinesis", "--stream", stream.name, "--endpoint", stream.endpoint)
    # Every read takes the emulator's time, which sending needs.
    return cluster.start_module("scripts.main", *arguments, RISKSTREAM_KINESIS_POLL_SECONDS="1")


def wait_for(condition, what: str) -> None:
    wait_until(condition, SECONDS, what)


def len_of(cluster: Cluster, topic: str) -> int:
    """Count the records of a topic."""
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "count", "log_level": "0"})
    try:
        ends = [
            consumer.get_watermark_offsets(TopicPartition(topic, each), timeout=10) for each in range(PARTITIONS)
        ]
    finally:
        consumer.close()
    return sum(high for _, high in ends)


def accounts(memories: Sequence[dict[bytes, bytes]]) -> list[dict[bytes, bytes]]:
    return [{key: value for key, value in part.items() if key.startswith(b"account/")} for part in memories]


def test_every_payment_is_assessed_and_none_twice(run: Run, figures: dict[str, float]) -> None:
    found = [msgspec.json.decode(value)["transaction_id"] for part in run.assessments for value in values(part)]
    figures |= {"sent": COUNT, "assessed": len(set(found)), "duplicated": len(found) - len(set(found))}

    assert len(found) == COUNT
    assert sorted(found) == sorted(payment.transaction_id for payment in payments(COUNT))


def test_the_stream_was_split_and_merged_and_its_parents_read_to_their_end(run: Run) -> None:
    assert run.ended == 3


def test_the_memories_of_accounts_are_those_of_a_run_without_kinesis(run: Run) -> None:
    assert accounts(run.memories) == accounts(run.by_kafka)
    assert sum(map(len, accounts(run.memories))) == len({payment.account_id for payment in payments(COUNT)})


def test_assessments_and_memories_are_the_fold_of_what_was_passed_on(run: Run) -> None:
    for expected, assessed, memories in zip(run.expected, run.assessments, run.memories, strict=True):
        assert values(assessed) == expected.assessments
        assert memories == expected.memories


def test_an_accounts_payments_are_passed_on_in_their_order(run: Run) -> None:
    """What was passed on again after the kill comes behind, and is skipped by its origin."""
    for part in run.enriched:
        seen: set[str] = set()
        last: dict[str, object] = {}
        for payment in map(event_of, part):
            if payment.transaction_id not in seen:
                seen.add(payment.transaction_id)
                assert payment.event_time >= last.get(payment.account_id, payment.event_time)
                last[payment.account_id] = payment.event_time


def test_the_adapter_keeps_up_with_a_bare_read_loop(run: Run, cluster: Cluster, figures: dict[str, float]) -> None:
    """Measured, not judged: machines are busy. Another application reads the stream from its beginning."""
    started = time.perf_counter()
    assert run.stream.read_bare() == COUNT
    bare = COUNT / (time.perf_counter() - started)

    another = cluster.settings.model_copy(update={"app_id": "another"})
    started = time.perf_counter()
    totals = asyncio.run(run_adapter(another, run.stream.stream, Plan(once=True)))
    adapter = COUNT / (time.perf_counter() - started)

    figures |= {"adapter_records_per_s": round(adapter), "bare_records_per_s": round(bare)}
    assert totals.records == COUNT
