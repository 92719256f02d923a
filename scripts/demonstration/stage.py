"""Everything the demo runs on: embedded broker and AWS in this process, the worker as a process of its own."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from scripts.demonstration.process import DashboardProcess, WorkerProcess
from stream.embedded.aws import EmbeddedAws
from stream.embedded.broker import EmbeddedBroker
from stream.errors import StreamError
from stream.pacing import LagGate
from stream.settings import Settings
from stream.topics import ASSESSMENTS, DEAD_LETTERS, ENRICHED, TRANSACTIONS, declared_topics

PARTITIONS = 4
LONGEST_LEAD = 2_000
"""Records between replay and archive: at 2 KB each, all in one partition, they fit the 5 MiB the broker keeps."""
CAUGHT_UP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Stage:
    """A running pipeline on embedded services."""

    settings: Settings
    worker: WorkerProcess
    gate: LagGate
    aws: EmbeddedAws
    dashboard: DashboardProcess
    report: Path
    """Where the dashboard looks for a report of how good the bundle is."""

    def for_others(self) -> dict[str, str]:
        """Give the settings with which commands in other terminals reach this pipeline."""
        return embedded_settings(self.settings)

    def admit(self, _sent: int) -> bool:
        """Hold the replay back while the archive is too far behind; raise if the worker has died."""
        for _ in range(int(CAUGHT_UP_SECONDS)):
            self.worker.check()
            if self.gate.wait_below(LONGEST_LEAD, _in_a_second()):
                return True
        raise StreamError(f"the worker has not caught up within {CAUGHT_UP_SECONDS:.0f} s")

    def wait_until_archived(self) -> None:
        """Return once everything published is assessed and archived."""
        for _ in range(int(CAUGHT_UP_SECONDS)):
            self.worker.check()
            if self.gate.wait_below(1, _in_a_second()):
                return
        raise StreamError(f"the worker has not caught up within {CAUGHT_UP_SECONDS:.0f} s")

    def dead_letters(self) -> int:
        """Count the records of the dead-letter topic."""
        own = {"group.id": "demo-dead-letters"}
        consumer = Consumer({**self.settings.kafka_client(), **own})
        try:
            return sum(
                consumer.get_watermark_offsets(TopicPartition(DEAD_LETTERS, partition), timeout=10)[1]
                for partition in range(PARTITIONS)
            )
        finally:
            consumer.close()


@contextmanager
def open_stage(bundle: Path, scratch: Path) -> Iterator[Stage]:
    """Start everything, wait until worker and dashboard serve, and take all of it down again.

    `scratch` is a directory for logs and the like.
    """
    plan = Settings(partitions=PARTITIONS, bundle=bundle)
    with (
        EmbeddedBroker(declared_topics(PARTITIONS, plan.app_id)) as broker,
        EmbeddedAws(plan.s3_bucket) as aws,
    ):
        settings = plan.model_copy(update={"kafka_bootstrap": broker.bootstrap, "s3_endpoint": aws.endpoint})
        topics: Sequence[str] = (TRANSACTIONS, ENRICHED, ASSESSMENTS)
        report = scratch / "report.json"
        with (
            WorkerProcess({**aws.environment(), **_environment(settings)}, scratch / "worker.log") as worker,
            DashboardProcess(
                {**aws.environment(), **embedded_settings(settings), "RISKSTREAM_DASHBOARD_REPORT": str(report)},
                scratch / "dashboard.log",
                settings.dashboard_port,
            ) as dashboard,
            LagGate(settings.kafka_client(), settings.app_id, topics) as gate,
        ):
            worker.wait_ready()
            dashboard.wait_ready()
            yield Stage(settings, worker, gate, aws, dashboard, report)


def _environment(settings: Settings) -> dict[str, str]:
    return {
        **embedded_settings(settings),
        # Small objects, soon: the replay may only lead the archive by what the embedded broker keeps.
        "RISKSTREAM_ARCHIVE_FLUSH_ROWS": "1000",
        "RISKSTREAM_ARCHIVE_FLUSH_SECONDS": "3",
        "RISKSTREAM_COMMIT_SECONDS": "0.2",
        # The embedded broker answers a fetch only when its wait is over, and an hour border is four fetches.
        "RISKSTREAM_FETCH_WAIT_MS": "3",
    }


def embedded_settings(settings: Settings) -> dict[str, str]:
    """Give what a command needs to use the embedded services of another process."""
    return {
        "RISKSTREAM_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "RISKSTREAM_PARTITIONS": str(settings.partitions),
        "RISKSTREAM_BUNDLE": str(settings.bundle),
        "RISKSTREAM_S3_ENDPOINT": str(settings.s3_endpoint),
    }


def _in_a_second() -> float:
    return time.monotonic() + 1.0
