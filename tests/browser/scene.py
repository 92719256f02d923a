"""A whole pipeline for pages to be looked at: broker, archive, worker, dashboard, and payments with a past."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from detectors.labels import Label, decode_labels
from sinks.alerts import AlertEvent, decode_alert
from stream.publishing import PublishConfig, publish
from stream.topics import ALERTS, LABELS
from tests.browser.process import DashboardProcess
from tests.browser.traffic import traffic
from tests.kafka_broker import free_ports
from tests.pipeline.cluster import Cluster
from tests.pipeline.flow import Flow
from tests.pipeline.process import WorkerProcess
from tests.pipeline.topics import Logged
from tests.pipeline.waiting import wait_until

REVIEW_SHARE = "0.02"
RATE = 45.0
"""Payments a second while pages are open: what two slow cores assess, explain and show at the same time."""


@dataclass(frozen=True, slots=True)
class Published:
    """An alert as it lies in its topic."""

    at_ms: int
    """Timestamp of its record."""
    event: AlertEvent

    @property
    def id(self) -> str:
        """Of its assessment, by which pages know it."""
        return self.event.data.assessment.assessment_id


@dataclass
class Scene:
    """What runs, and what it has published."""

    cluster: Cluster
    worker: WorkerProcess
    dashboard: DashboardProcess
    port: int
    report: Path
    """What the dashboard tells of how good the bundle is."""

    @property
    def url(self) -> str:
        """Of the dashboard, without a slash at its end."""
        return self.dashboard.url

    def alerts(self) -> list[Published]:
        """Everything that the topic `alerts` holds, in order of its records' timestamps."""
        records = [record for partition in self.cluster.read(ALERTS) for record in partition]
        found = [Published(record.timestamp_ms, decode_alert(record.value or b"")) for record in records]
        return sorted(found, key=lambda each: each.at_ms)

    def labels(self) -> list[Label]:
        """Everything that the topic `labels` holds."""
        records: list[Logged] = [record for partition in self.cluster.read(LABELS) for record in partition]
        decoded = decode_labels([each.value for each in records], [each.timestamp_ms for each in records])
        found = [each for each in decoded if isinstance(each, Label)]
        assert len(found) == len(decoded), "a record of the topic labels is no label"
        return found

    def flow(self, payments: tuple, rate: float = RATE) -> Flow:
        """Payments that come while a page is open."""
        return Flow(self.cluster.settings.kafka_client(), payments, rate)

    def wait_until_done(self) -> None:
        """Return once everything sent is assessed and archived."""
        self.cluster.wait_until_done([self.worker])

    def restarted(self) -> None:
        """Start the dashboard anew where it was; it has to have ended."""
        self.dashboard = start_dashboard(self.cluster, self.port, RISKSTREAM_DASHBOARD_REPORT=str(self.report))


def start_dashboard(cluster: Cluster, port: int, host: str = "127.0.0.1", **environment: str) -> DashboardProcess:
    """Start a dashboard of a cluster."""
    own = {"RISKSTREAM_DASHBOARD_REVIEW_SHARE": REVIEW_SHARE, **environment}
    log = cluster.directory / f"dashboard-{port}.log"
    return DashboardProcess({**cluster.environment, **own}, log, port, host)


PATIENT = {
    "RISKSTREAM_EXPLAIN_PROCESSES": "1",
    "RISKSTREAM_EXPLAIN_BUDGET_MS": "30000",
    "RISKSTREAM_EXPLAIN_MAX_WAIT_SECONDS": "600",
}
"""A machine that is busy with everything else explains with LIME all the same."""


@contextmanager
def open_scene(cluster: Cluster, report: Path) -> Iterator[Scene]:
    """Start everything, and let the accounts have their past and the first of their strange payments."""
    (port,) = free_ports(1)
    played = traffic()
    with cluster.start_worker(**PATIENT) as worker:
        client = cluster.settings.kafka_client()
        worker.wait_ready()
        with start_dashboard(cluster, port, RISKSTREAM_DASHBOARD_REPORT=str(report)) as dashboard:
            scene = Scene(cluster, worker, dashboard, port, report)
            publish(played.history, PublishConfig(client=client, backfill=True))
            publish(played.first, PublishConfig(client=client))
            scene.wait_until_done()
            dashboard.wait_ready()
            wait_until(lambda: len(scene.alerts()) > len(traffic().first) // 40, 20, "strange payments alert")
            yield scene
            scene.dashboard.kill()
