"""What it costs to fence the writes of memories: three ways to append to a changelog, in turn on one Apache Kafka.

`unfenced` is a plain idempotent producer; `epochs` what the worker does: identities taken over once, and batches
without transactions; `transactions` one Kafka transaction a batch, by a producer for each partition.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from aiokafka import AIOKafkaProducer
from confluent_kafka.admin import AdminClient
from faust.types import TP

from stream.batching.fencing import FencedWriter
from stream.batching.producer import ChangelogWriter, Outgoing, send_atomically
from stream.kafka import CHANGELOG_BATCH_BYTES, changelog_producer, claimant, producer
from stream.settings import Settings
from stream.topic_admin import create_topics
from stream.topics import declared_topics
from tests.kafka_broker import ApacheKafka

VALUE_BYTES = 500
PARTITIONS = 8
BATCHES = {50: 400, 1000: 40}
"""Batches for each partition and round, by their number of changes."""
ROUNDS = 3
IDLE_SECONDS = 5.0
SETTLE_SECONDS = 0.2
"""For sockets to close."""


class Cost(msgspec.Struct, frozen=True):
    """Of writing batches of one size, eight partitions side by side."""

    way: str
    changes_per_batch: int
    changes_per_s: int
    cpu_ms_per_batch: float
    """Of this process; the broker's is not in it."""
    p50_ms: float
    p99_ms: float
    """From the call to the acknowledgement."""


class Upkeep(msgspec.Struct, frozen=True):
    """Of holding partitions of both changelogs."""

    way: str
    partitions: int
    """Of each of the two."""
    start_s: float
    """Median of taking all over at once; the first of all, which makes the broker's own topic, left out."""
    start_cpu_s: float
    sockets: int
    idle_cpu_ms_per_s: float


class Figures(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    costs: Sequence[Cost]
    upkeep: Sequence[Upkeep]
    cores: int


Way = Callable[[Settings, AsyncExitStack], Awaitable[ChangelogWriter]]
"""Opens a writer on all partitions of both changelogs; the stack closes it."""


class PlainWriter:
    """Through one producer. Nothing keeps a worker that was replaced from writing."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def append(self, topic: str, partition: int, records: Iterable[Outgoing]) -> int | None:
        """Append records as one record batch."""
        delivery = await send_atomically(self._producer, topic, partition, records)
        return None if delivery is None else int((await delivery).offset)


class TransactionWriter:
    """Through a transactional producer for each partition, a transaction a batch."""

    def __init__(self, producers: dict[tuple[str, int], AIOKafkaProducer]) -> None:
        self._producers = producers

    async def append(self, topic: str, partition: int, records: Iterable[Outgoing]) -> int | None:
        """Append records in a transaction of their own."""
        producer = self._producers[topic, partition]
        async with producer.transaction():
            delivery = await send_atomically(producer, topic, partition, records)
        return None if delivery is None else int((await delivery).offset)


async def unfenced(settings: Settings, stack: AsyncExitStack) -> ChangelogWriter:
    """Open the plain way."""
    return PlainWriter(await stack.enter_async_context(producer(settings, CHANGELOG_BATCH_BYTES)))


async def epochs(settings: Settings, stack: AsyncExitStack) -> ChangelogWriter:
    """Open the worker's way."""

    def claiming(transactional_id: str) -> AIOKafkaProducer:
        return claimant(settings, transactional_id)

    writer = FencedWriter(
        changelog_producer(settings),
        claiming,
        settings.app_id,
        _topics(settings),
        settings.session_timeout_seconds,
    )
    await writer.start()
    stack.push_async_callback(writer.stop)
    await writer.on_assigned({TP(*each) for each in _all(settings)}, 1)
    return writer


async def transactions(settings: Settings, stack: AsyncExitStack) -> ChangelogWriter:
    """Open the way of Kafka's documentation."""
    made = {
        each: AIOKafkaProducer(
            bootstrap_servers=settings.kafka_bootstrap,
            transactional_id=f"whole-{each[0]}-{each[1]}",
            max_batch_size=CHANGELOG_BATCH_BYTES,
            max_request_size=CHANGELOG_BATCH_BYTES + 64 * 1024,
        )
        for each in _all(settings)
    }
    await asyncio.gather(*(stack.enter_async_context(each) for each in made.values()))
    return TransactionWriter(made)


WAYS: dict[str, Way] = {"unfenced": unfenced, "epochs": epochs, "transactions": transactions}


def _topics(settings: Settings) -> tuple[str, str]:
    return settings.changelog_topic, f"{settings.app_id}-merchants"


def _all(settings: Settings) -> list[tuple[str, int]]:
    return [(topic, each) for topic in _topics(settings) for each in range(settings.partitions)]


def main() -> None:
    """Run the benchmark, print the figures and write them as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    text = msgspec.json.format(msgspec.json.encode(measure()))
    print(text.decode())  # noqa: T201  a benchmark's output
    if arguments.json is not None:
        arguments.json.write_bytes(text + b"\n")


def measure() -> Figures:
    """Measure everything on one broker."""
    with tempfile.TemporaryDirectory() as scratch, ApacheKafka(Path(scratch) / "kafka") as kafka:
        costs = asyncio.run(_costs(_prepared(kafka, PARTITIONS)))
        upkeep = [each for count in (8, 32) for each in asyncio.run(_upkeep(_prepared(kafka, count)))]
    return Figures(costs, upkeep, os.cpu_count() or 0)


def _prepared(kafka: ApacheKafka, partitions: int) -> Settings:
    """Make two changelogs of so many partitions."""
    settings = Settings(kafka_bootstrap=kafka.bootstrap, partitions=partitions, app_id=f"bench-{partitions}")
    declared = {each.name: each for each in declared_topics(partitions, settings.app_id)}
    wanted = [replace(declared[settings.changelog_topic], name=name) for name in _topics(settings)]
    create_topics(AdminClient({**settings.kafka_client()}), wanted, 1)
    return settings


async def _costs(settings: Settings) -> list[Cost]:
    """Write with every way in turn, several times."""
    spent: dict[tuple[str, int], list[tuple[float, float, list[float]]]] = {}
    async with AsyncExitStack() as stack:
        writers = {name: await way(settings, stack) for name, way in WAYS.items()}
        for _ in range(ROUNDS + 1):
            for size, batches in BATCHES.items():
                for name, writer in writers.items():
                    spent.setdefault((name, size), []).append(await _write(writer, settings, size, batches))
    return [_cost(name, size, rounds[1:]) for (name, size), rounds in spent.items()]


async def _write(
    writer: ChangelogWriter, settings: Settings, size: int, batches: int
) -> tuple[float, float, list[float]]:
    """Return seconds, CPU seconds and the seconds of each batch."""
    records = [Outgoing(b"account/%d" % each, os.urandom(VALUE_BYTES)) for each in range(size)]
    taken: list[float] = []

    async def lane(partition: int) -> None:
        for _ in range(batches):
            before = time.perf_counter()
            await writer.append(settings.changelog_topic, partition, records)
            taken.append(time.perf_counter() - before)

    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(lane, range(settings.partitions)))
    return time.perf_counter() - started, time.process_time() - cpu, taken


def _cost(way: str, size: int, rounds: Sequence[tuple[float, float, list[float]]]) -> Cost:
    taken = np.array([each for _, _, times in rounds for each in times]) * 1000
    return Cost(
        way=way,
        changes_per_batch=size,
        changes_per_s=round(len(taken) * size / sum(seconds for seconds, _, _ in rounds)),
        cpu_ms_per_batch=round(1000 * sum(cpu for _, cpu, _ in rounds) / len(taken), 3),
        p50_ms=round(float(np.percentile(taken, 50)), 2),
        p99_ms=round(float(np.percentile(taken, 99)), 2),
    )


async def _upkeep(settings: Settings) -> list[Upkeep]:
    return [await _upkeep_of(name, way, settings) for name, way in WAYS.items()]


async def _upkeep_of(name: str, way: Way, settings: Settings) -> Upkeep:
    starts: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        async with AsyncExitStack() as stack:
            started, cpu = time.perf_counter(), time.process_time()
            await way(settings, stack)
            starts.append((time.perf_counter() - started, time.process_time() - cpu))
    await asyncio.sleep(SETTLE_SECONDS)
    before = _sockets()
    async with AsyncExitStack() as stack:
        await way(settings, stack)
        cpu = time.process_time()
        await asyncio.sleep(IDLE_SECONDS)
        idle, sockets = time.process_time() - cpu, _sockets() - before
    seconds, spent = np.median(np.array(starts), axis=0)
    return Upkeep(
        way=name,
        partitions=settings.partitions,
        start_s=round(float(seconds), 3),
        start_cpu_s=round(float(spent), 3),
        sockets=sockets,
        idle_cpu_ms_per_s=round(1000 * idle / IDLE_SECONDS, 2),
    )


def _sockets() -> int:
    links = (Path("/proc/self/fd") / each for each in os.listdir("/proc/self/fd"))
    return sum(each.is_symlink() and os.readlink(each).startswith("socket:") for each in links)


if __name__ == "__main__":
    main()
