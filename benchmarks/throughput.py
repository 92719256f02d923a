"""Throughput of the worker from a backlog on a real Apache Kafka, beside that of the pure pipeline in one process.

Both do the same work on the same payments: decode, geolocate, assess, fold merchants, encode. The worker also
moves them through its topics, keeps its memories in changelogs and writes the archive. What a transaction costs
the pure pipeline stage by stage, and what a memory weighs, is measured beside it.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
from confluent_kafka.admin import AdminClient

from benchmarks.pipeline import Pipeline, measure_traffic
from benchmarks.pipeline import measure as measure_pipeline
from detectors.bundle import Bundle
from detectors.labels import labels_from_truth
from detectors.training import train
from detectors.transaction import Transaction
from scripts.demonstration.process import WorkerProcess
from sinks.bundles import save_bundle
from stream.embedded.aws import EmbeddedAws
from stream.enrichment import enrich_embedded
from stream.pacing import LagGate
from stream.publishing import PublishConfig, publish
from stream.settings import Settings
from stream.simulation import SimulationConfig, simulate
from stream.topics import ASSESSMENTS, ENRICHED, TRANSACTIONS, create_topics, declared_topics
from tests.kafka_broker import ApacheKafka

PARTITIONS = 8
TRAINING = SimulationConfig(seed=7, accounts=500, days=35)
DAYS = 14
"""Of traffic: enough for every window that matters, few enough that the archive is not all small objects."""
LONGEST_SECONDS = 600.0


class Throughput(msgspec.Struct, frozen=True):
    """The figures, and what they were measured on."""

    transactions: int
    accounts: int
    worker_tx_per_s: float
    """Whole path, one worker process: transactions in to archived assessments, from a backlog."""
    worker_tx_per_cpu_s: float
    """The same per second of the worker's own CPU time, all threads."""
    pipeline_tx_per_s: float
    """Decode, enrich, assess, fold merchants and encode in one thread, no broker."""
    worker_to_pipeline: float
    pipeline_us_per_tx: float
    """The same on the traffic named by `pipeline.measured_on`, once memories are full."""
    account_memory_bytes: float
    merchant_memory_bytes: float
    """Means of encoded memories, on that traffic."""
    pipeline: Pipeline
    cores: int


def main() -> None:
    """Run the benchmark, print the figures and write them as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--transactions", type=int, default=100_000)
    arguments = parser.parse_args()
    figures = measure(arguments.transactions)
    text = msgspec.json.format(msgspec.json.encode(figures))
    print(text.decode())  # noqa: T201  a benchmark's output
    if arguments.json is not None:
        arguments.json.write_bytes(text + b"\n")


def measure(count: int) -> Throughput:
    """Measure both on the same simulated payments."""
    accounts = max(300, count // 20)
    payments = [p.transaction for p in simulate(SimulationConfig(seed=11, accounts=accounts, days=DAYS))][:count]
    bundle = _trained()
    stages = measure_pipeline()
    pipeline = 1e6 / measure_traffic(payments, bundle, measured=len(payments)).us_per_tx
    with tempfile.TemporaryDirectory() as scratch:
        worker, per_cpu = _worker(payments, bundle, Path(scratch))
    return Throughput(
        transactions=len(payments),
        accounts=accounts,
        worker_tx_per_s=round(worker),
        worker_tx_per_cpu_s=round(per_cpu),
        pipeline_tx_per_s=round(pipeline),
        worker_to_pipeline=round(worker / pipeline, 3),
        pipeline_us_per_tx=stages.pipeline_us_per_tx,
        account_memory_bytes=stages.account_memory_bytes,
        merchant_memory_bytes=stages.merchant_memory_bytes,
        pipeline=stages,
        cores=os.cpu_count() or 0,
    )


def _trained() -> Bundle:
    history = simulate(TRAINING)
    payments = [each.transaction for each in history]
    frauds = {each.transaction.transaction_id: each.is_fraud for each in history}
    return train(enrich_embedded(payments), labels_from_truth(payments, frauds, timedelta(days=7)))


def _worker(payments: Sequence[Transaction], bundle: Bundle, scratch: Path) -> tuple[float, float]:
    """Return transactions per second, and per second of CPU, of one worker process with a backlog."""
    save_bundle(bundle, scratch / "bundle")
    with ApacheKafka(scratch / "kafka") as kafka, EmbeddedAws("riskstream-archive") as aws:
        settings = Settings(kafka_bootstrap=kafka.bootstrap, partitions=PARTITIONS, bundle=scratch / "bundle")
        admin = AdminClient({**settings.kafka_client()})
        create_topics(admin, declared_topics(PARTITIONS, settings.app_id), 1)
        publish(payments, PublishConfig(client=settings.kafka_client()))
        environment = {
            **aws.environment(),
            "RISKSTREAM_KAFKA_BOOTSTRAP": kafka.bootstrap,
            "RISKSTREAM_BUNDLE": str(settings.bundle),
            "RISKSTREAM_ARCHIVE_FLUSH_SECONDS": "2",
        }
        topics = (TRANSACTIONS, ENRICHED, ASSESSMENTS)
        with (
            WorkerProcess(environment, scratch / "worker.log") as worker,
            LagGate(settings.kafka_client(), settings.app_id, topics) as gate,
        ):
            worker.wait_ready()
            started, cpu = time.perf_counter(), worker.cpu_seconds()
            if not gate.wait_below(1, time.monotonic() + LONGEST_SECONDS):
                raise TimeoutError(f"the worker did not finish in {LONGEST_SECONDS:.0f} s")
            seconds, used = time.perf_counter() - started, worker.cpu_seconds() - cpu
    return len(payments) / seconds, len(payments) / used


if __name__ == "__main__":
    main()
