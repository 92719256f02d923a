"""How fast a worker recovers the memories of many accounts from a real Apache Kafka, and what they weigh in it.

The changelog is filled as a worker would have left it, then a worker process is started on it with either store.
Its weight is compared to that of a worker without memories; both are read from the kernel, with nothing traced.
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import msgspec
from confluent_kafka.admin import AdminClient

from detectors.labels import labels_from_truth
from detectors.memory_keys import account_key
from detectors.training import train
from scripts.demonstration.process import WorkerProcess
from sinks.bundles import save_bundle
from stream.batching.producer import Outgoing, send_atomically
from stream.embedded.aws import EmbeddedAws
from stream.enrichment import enrich_embedded
from stream.kafka import CHANGELOG_BATCH_BYTES, producer
from stream.partitioning import partition_of
from stream.settings import Settings
from stream.simulation import SimulationConfig, simulate
from stream.topic_admin import create_topics
from stream.topics import declared_topics
from tests.kafka_broker import ApacheKafka

PARTITIONS = 8
VALUE_BYTES = 494
"""The mean of a mature account on the handbook's data (docs/benchmarks.md)."""
ACCOUNTS = 1_000_000
UPDATES = 500_000
HOUR_OF_UPDATES = 7_200_000
"""2,000 payments a second for an hour, no account twice in one batch: the most that an hour can write."""
TRAINING = SimulationConfig(seed=7, accounts=300, days=28)
_BATCH = 1000
_SETTLE_SECONDS = 3.0
_POLL_SECONDS = 0.05
LONGEST_SECONDS = 900.0
_POOL_BYTES = 1 << 20

Kind = Literal["memory", "rocksdb"]


class Recovery(msgspec.Struct, frozen=True):
    """The figures; records are those that were read, after whatever the broker compacted meanwhile."""

    accounts: int
    value_bytes: int
    recovery_records_per_s: float
    """With the memory store, from the start of the recovery to its end."""
    recovery_seconds: float
    recovery_records_per_cpu_s: float
    """The same per second of CPU that the worker used above an idle one, whoever else used the machine."""
    recovery_records_per_s_rocksdb: float
    restart_records_rocksdb: int
    """What a worker reads whose databases are still there, after it was killed."""
    updates: int
    """Further writes, to accounts at random, before the second recovery with the memory store."""
    recovery_records_after_updates: int
    recovery_seconds_after_updates: float
    recovery_records_per_s_after_updates: float
    rss_mb_idle: float
    """Of a worker with the memory store and no memories."""
    rss_mb_1m_accounts_memory: float
    """Above the idle worker, scaled to a million accounts if there were others."""
    rss_mb_1m_accounts_rocksdb: float
    rss_mb_after_updates: float
    """As the first, but after the second recovery."""
    cores: int


@dataclass(frozen=True, slots=True)
class Start:
    """What one start of a worker showed."""

    records: int
    seconds: float
    cpu_seconds: float
    """Since the process began."""
    rss_mb: float

    @property
    def records_per_s(self) -> float:
        """Records a second."""
        return self.records / self.seconds


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the workers run."""

    settings: Settings
    environment: dict[str, str]
    scratch: Path

    def start(self, store: Kind, directory: str = "memories", *, kill: bool = False) -> Start:
        """Start a worker, let it recover and stop it, or end it as a power cut would."""
        log = self.scratch / f"worker-{uuid.uuid4().hex[:6]}.log"
        chosen = {"RISKSTREAM_STORE": store, "RISKSTREAM_STORE_DIR": str(self.scratch / directory)}
        with WorkerProcess({**self.environment, **chosen}, log) as worker:
            records, seconds = _wait_recovered(worker, log)
            cpu = worker.cpu_seconds()
            # The kernel counts what the last fetches held until the allocator gives it back.
            time.sleep(_SETTLE_SECONDS)
            rss = _rss_mb(worker.pid)
            if kill:
                os.kill(worker.pid, 9)
        return Start(records, seconds, cpu, rss)


def measure(kafka: ApacheKafka, accounts: int = ACCOUNTS, updates: int = UPDATES) -> Recovery:
    """Measure on a broker whose data topics are missing or empty; the changelog is one of its own.

    Raises:
        ProcessFailed: a worker ended by itself.
        TimeoutError: one did not recover in time.
    """
    with tempfile.TemporaryDirectory() as scratch, EmbeddedAws("riskstream-archive") as aws:
        bench = _prepare(kafka, aws, Path(scratch))
        idle = bench.start("memory")
        asyncio.run(_fill(bench.settings, map(_account_id, range(accounts))))
        memory = bench.start("memory")
        rocks = bench.start("rocksdb", kill=True)
        restart = bench.start("rocksdb")
        rng = random.Random(5)  # noqa: S311  repeatable
        asyncio.run(_fill(bench.settings, (_account_id(rng.randrange(accounts)) for _ in range(updates))))
        again = bench.start("memory")
    per_million = 1e6 / accounts
    return Recovery(
        accounts=accounts,
        value_bytes=VALUE_BYTES,
        recovery_records_per_s=round(memory.records_per_s),
        recovery_seconds=memory.seconds,
        recovery_records_per_cpu_s=round(memory.records / (memory.cpu_seconds - idle.cpu_seconds)),
        recovery_records_per_s_rocksdb=round(rocks.records_per_s),
        restart_records_rocksdb=restart.records,
        updates=updates,
        recovery_records_after_updates=again.records,
        recovery_seconds_after_updates=again.seconds,
        recovery_records_per_s_after_updates=round(again.records_per_s),
        rss_mb_idle=round(idle.rss_mb),
        rss_mb_1m_accounts_memory=round((memory.rss_mb - idle.rss_mb) * per_million),
        rss_mb_1m_accounts_rocksdb=round((rocks.rss_mb - idle.rss_mb) * per_million),
        rss_mb_after_updates=round((again.rss_mb - idle.rss_mb) * per_million),
        cores=os.cpu_count() or 0,
    )


def _prepare(kafka: ApacheKafka, aws: EmbeddedAws, scratch: Path) -> Bench:
    history = simulate(TRAINING)
    payments = [each.transaction for each in history]
    frauds = {each.transaction.transaction_id: each.is_fraud for each in history}
    bundle = train(enrich_embedded(payments), labels_from_truth(payments, frauds, timedelta(days=7)))
    save_bundle(bundle, scratch / "bundle")
    app_id = f"recovery-{uuid.uuid4().hex[:6]}"
    settings = Settings(
        kafka_bootstrap=kafka.bootstrap, partitions=PARTITIONS, app_id=app_id, bundle=scratch / "bundle"
    )
    create_topics(AdminClient({**settings.kafka_client()}), declared_topics(PARTITIONS, app_id), 1)
    environment = {
        **aws.environment(),
        "RISKSTREAM_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "RISKSTREAM_PARTITIONS": str(PARTITIONS),
        "RISKSTREAM_APP_ID": app_id,
        "RISKSTREAM_BUNDLE": str(settings.bundle),
        "RISKSTREAM_LOG_JSON": "true",
        "RISKSTREAM_SESSION_TIMEOUT_SECONDS": "6",
        "RISKSTREAM_EXPLAIN_PROCESSES": "0",
    }
    return Bench(settings, environment, scratch)


def _account_id(number: int) -> str:
    return f"C{number:09d}"


async def _fill(settings: Settings, accounts: Iterator[str]) -> None:
    """Write a memory of each account, a thousand to a record batch, as the assess stage does."""
    rng = random.Random(3)  # noqa: S311  repeatable
    pool = rng.randbytes(_POOL_BYTES)
    writer = producer(settings, CHANGELOG_BATCH_BYTES)
    waiting: list[list[Outgoing]] = [[] for _ in range(PARTITIONS)]
    await writer.start()
    try:
        for account in accounts:
            partition = partition_of(account, PARTITIONS)
            at = rng.randrange(_POOL_BYTES - VALUE_BYTES)
            waiting[partition].append(Outgoing(account_key(account), pool[at : at + VALUE_BYTES]))
            if len(waiting[partition]) == _BATCH:
                await send_atomically(writer, settings.changelog_topic, partition, waiting[partition])
                waiting[partition].clear()
        for partition, left in enumerate(waiting):
            await send_atomically(writer, settings.changelog_topic, partition, left)
        await writer.flush()
    finally:
        await writer.stop()


def _rss_mb(pid: int) -> float:
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1000


def _wait_recovered(worker: WorkerProcess, log: Path) -> tuple[int, float]:
    """Wait for the worker's own words on its recovery: records and seconds."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        worker.check()
        for line in log.read_text().splitlines():
            if '"memories recovered"' in line:
                told = msgspec.json.decode(line)
                return told["records"], told["seconds"]
        time.sleep(_POLL_SECONDS)
    raise TimeoutError(f"the worker did not recover in {LONGEST_SECONDS:.0f} s")


def main() -> None:
    """Run the benchmark on a broker of its own, print the figures and write them as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--updates", type=int, default=UPDATES, help=f"{HOUR_OF_UPDATES} is an hour at 2,000/s")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, ApacheKafka(Path(scratch) / "kafka") as kafka:
        figures = measure(kafka, arguments.accounts, arguments.updates)
    text = msgspec.json.format(msgspec.json.encode(figures))
    print(text.decode())  # noqa: T201  a benchmark's output
    if arguments.json is not None:
        arguments.json.write_bytes(text + b"\n")


if __name__ == "__main__":
    main()
