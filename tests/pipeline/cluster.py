"""Topics, a bucket and a bundle of a test's own on shared services, and the workers that run on them."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from detectors.bundle import Bundle
from detectors.labels import Label
from detectors.transaction import Transaction
from sinks.archive import open_archive, read_archive
from stream.pacing import LagGate
from stream.publishing import PublishConfig, publish
from stream.settings import Settings
from stream.stepping import InStep, Waits
from stream.timeline import Event
from stream.topic_admin import create_topics
from stream.topic_ids import TopicIds, find_topic_ids
from stream.topics import ASSESSMENTS, ENRICHED, LABELS, MERCHANT_PROFILES, TRANSACTIONS, declared_topics
from tests.pipeline.folds import ExpectedPartition, follow_log
from tests.pipeline.process import WorkerProcess
from tests.pipeline.topics import Logged, Sending, newest_values, produce, read_topic
from tests.pipeline.traffic import sending
from tests.pipeline.waiting import wait_until

PARTITIONS = 4
CAUGHT_UP_SECONDS = 60.0
STAGES = (TRANSACTIONS, LABELS, ENRICHED, ASSESSMENTS)


@dataclass
class Cluster:
    """One application's topics on a broker, its bucket, its bundle."""

    bootstrap: str
    s3_endpoint: str
    bundle: Bundle
    bundle_directory: Path
    directory: Path
    """For logs."""
    name: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex[:8]}")
    """The application's id, and its bucket."""
    merchant_memory: bool = False
    """Without it everything follows from the log of each partition, however fast that is filled."""
    partitions: int = PARTITIONS
    environment: dict[str, str] = field(init=False)
    _started: int = 0

    def __post_init__(self) -> None:
        self.environment = {
            "RISKSTREAM_APP_ID": self.name,
            "RISKSTREAM_KAFKA_BOOTSTRAP": self.bootstrap,
            "RISKSTREAM_PARTITIONS": str(self.partitions),
            "RISKSTREAM_BUNDLE": str(self.bundle_directory),
            "RISKSTREAM_S3_BUCKET": self.name,
            "RISKSTREAM_S3_ENDPOINT": self.s3_endpoint,
            "RISKSTREAM_ARCHIVE_FLUSH_ROWS": "2000",
            "RISKSTREAM_ARCHIVE_FLUSH_SECONDS": "0.5",
            "RISKSTREAM_COMMIT_SECONDS": "0.2",
            "RISKSTREAM_SESSION_TIMEOUT_SECONDS": "6",
            "RISKSTREAM_MERCHANT_MEMORY": str(self.merchant_memory).lower(),
            # Every worker would start a process with scikit-learn in it; tests of explanations ask for it.
            "RISKSTREAM_EXPLAIN_PROCESSES": "0",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def settings(self) -> Settings:
        """The settings that commands and clients of the same application use."""
        return Settings(
            app_id=self.name,
            kafka_bootstrap=self.bootstrap,
            partitions=self.partitions,
            bundle=self.bundle_directory,
            s3_bucket=self.name,
            s3_endpoint=self.s3_endpoint,
        )

    def start_worker(self, *, fault: str | None = None, **environment: str) -> WorkerProcess:
        """Start a worker, with a fault of `tests.pipeline.faulty` or none; settings as `RISKSTREAM_...="..."`."""
        module = ("scripts.main", "worker") if fault is None else ("tests.pipeline.faulty", fault, "worker")
        return self.start_module(*module, **environment)

    def start_module(self, *module: str, **environment: str) -> WorkerProcess:
        """Start a worker by another entry point: a module's name and its arguments."""
        self._started += 1
        log = self.directory / f"worker-{self._started}.log"
        return WorkerProcess({**self.environment, **environment}, log, module)

    def send_in_step(self, events: Iterable[Event], labels: Sequence[Label] = ()) -> Waits:
        """Publish payments and labels as `riskstream replay --in-step --labels` does."""
        client = self.settings.kafka_client()
        with InStep(client, labels, self.bundle.manifest.timing, CAUGHT_UP_SECONDS) as steps:
            report = publish([*events, *labels], PublishConfig(client=client), borders=steps)
        assert report.acknowledged == report.sent
        return steps.waits

    def send(self, transactions: Iterable[Transaction]) -> None:
        """Publish payments as the load generator does."""
        self.send_records(map(sending, transactions))

    def send_records(self, records: Iterable[Sending]) -> None:
        """Publish any records to `transactions`."""
        produce(self.bootstrap, TRANSACTIONS, records)

    def wait_until_done(self, workers: Sequence[WorkerProcess], seconds: float = CAUGHT_UP_SECONDS) -> None:
        """Return once everything that was sent is assessed and archived; the workers have to live on."""
        with LagGate(self.settings.kafka_client(), self.name, STAGES) as gate:
            wait_until(lambda: self._is_done(gate, workers), seconds, "everything is assessed and archived")

    def _is_done(self, gate: LagGate, workers: Sequence[WorkerProcess]) -> bool:
        assert all(worker.running for worker in workers), "a worker ended by itself"
        return gate.lag() == 0

    def lag(self, *topics: str) -> int:
        """Records that the workers have not finished with."""
        with LagGate(self.settings.kafka_client(), self.name, topics or STAGES) as gate:
            return gate.lag()

    @property
    def topic_ids(self) -> TopicIds:
        """The ids that the topics have now."""
        return find_topic_ids(AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0}))

    def read(self, topic: str) -> list[list[Logged]]:
        """Read everything a topic holds, by partition."""
        return read_topic(self.bootstrap, topic)

    def memories(self) -> list[dict[bytes, bytes]]:
        """Read the newest memories from the changelog, by partition."""
        return [newest_values(records) for records in self.read(self.settings.changelog_topic)]

    def merchants(self) -> dict[bytes, bytes]:
        """Read the newest memories of merchants."""
        return {
            key: value
            for records in self.read(MERCHANT_PROFILES)
            for key, value in newest_values(records).items()
            if key.startswith(b"merchant/")
        }

    def expected(self) -> list[ExpectedPartition]:
        """Fold what `transactions.enriched` holds, as one uninterrupted worker would."""
        return follow_log(self.read(ENRICHED), self.bundle, self.topic_ids.id_of(ENRICHED))

    def archived(self) -> pa.Table:
        """Read the archive as our readers do: each assessment once."""
        return read_archive(self.name, endpoint=self.s3_endpoint)

    def archived_rows(self) -> int:
        """Count the archive's rows, duplicates too."""
        return int(open_archive(self.name, endpoint=self.s3_endpoint).count_rows())


def recreate_topics(bootstrap: str, app_id: str, partitions: int = PARTITIONS) -> None:
    """Give an application the declared topics, empty, on a broker where another had them before."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    topics = declared_topics(partitions, app_id)
    existing = admin.list_topics(timeout=10).topics
    doomed = [topic.name for topic in topics if topic.name in existing]
    for answer in admin.delete_topics(doomed).values() if doomed else ():
        try:
            answer.result(timeout=20)
        except KafkaException as error:
            # A broker that stalled still lists what it has deleted meanwhile.
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
    wait_until(lambda: not set(doomed) & set(admin.list_topics(timeout=10).topics), 20, "topics are deleted")
    create_topics(admin, topics)
