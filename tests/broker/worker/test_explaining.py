"""Explanations on a real broker: of every alert, by processes that nobody who assesses waits for."""

import os
import signal
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from detectors.explanation.explanation import Explanation, decode_explanation
from sinks.alerts import decode_alert
from sinks.archive import open_archive
from sinks.kinds import EXPLANATION
from stream.headers import EXPLAINED_MS
from stream.pacing import LagGate
from stream.topics import ALERTS, EXPLAINED
from tests.pipeline.cluster import Cluster
from tests.pipeline.process import WorkerProcess
from tests.pipeline.topics import Logged, Sending, produce
from tests.pipeline.traffic import payments
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(150)
COUNT = 3_000
FLOOD = 3_000
PATIENT = {
    "RISKSTREAM_EXPLAIN_PROCESSES": "1",
    "RISKSTREAM_EXPLAIN_BUDGET_MS": "60000",
    "RISKSTREAM_EXPLAIN_MAX_WAIT_SECONDS": "3600",
}
"""So that every alert gets LIME, however slow the machine."""
IMPATIENT = {**PATIENT, "RISKSTREAM_EXPLAIN_MAX_WAIT_SECONDS": "1"}


def explainer(worker: WorkerProcess) -> int:
    """The id of the process that explains."""
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    (found,) = [int(each) for each in children if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()]
    return found


def explained(cluster: Cluster) -> list[list[Logged]]:
    return cluster.read(EXPLAINED)


def explanations(cluster: Cluster) -> list[Explanation]:
    return [decode_explanation(each.value or b"") for log in explained(cluster) for each in log]


def wait_until_explained(cluster: Cluster, worker: WorkerProcess) -> None:
    """Wait for everything on `alerts` to be acknowledged by those who explain, and archived."""
    settings = cluster.settings
    with (
        LagGate(settings.kafka_client(), settings.explaining_group, [ALERTS]) as explaining,
        LagGate(settings.kafka_client(), cluster.name, [EXPLAINED]) as archiving,
    ):

        def done() -> bool:
            assert worker.running
            return explaining.lag() == 0 and archiving.lag() == 0

        wait_until(done, 90, "every alert is explained and archived")


def copies(cluster: Cluster, count: int) -> list[Sending]:
    """Alerts of payments with other ids, made from those that are out."""
    originals = [decode_alert(each.value or b"") for log in cluster.read(ALERTS) for each in log]
    made = []
    for number in range(count):
        event = originals[number % len(originals)]
        assessment = msgspec.structs.replace(
            event.data.assessment, assessment_id=f"copy-{number}", transaction_id=f"T-{number}"
        )
        data = msgspec.structs.replace(event.data, assessment=assessment)
        event = msgspec.structs.replace(event, id=f"alert-copy-{number}", data=data)
        made.append(Sending(assessment.account_id.encode(), msgspec.json.encode(event)))
    return made


def test_every_alert_is_explained_once_beside_it_and_archived(cluster: Cluster) -> None:
    with cluster.start_worker(**PATIENT) as worker:
        cluster.send(payments(COUNT))
        cluster.wait_until_done([worker])
        wait_until_explained(cluster, worker)
        worker.stop()
    assert "Traceback" not in worker.log_text()
    assert "leaked" not in worker.log_text()

    raised = 0
    for alerts, records in zip(cluster.read(ALERTS), explained(cluster), strict=True):
        events = [decode_alert(each.value or b"") for each in alerts]
        found = [decode_explanation(each.value or b"") for each in records]
        assert [each.alert_id for each in found] == [each.id for each in events], "in the partition of the alert"
        for event, explanation, record in zip(events, found, records, strict=True):
            assessment = event.data.assessment
            assert explanation.method == "lime"
            assert record.key == assessment.account_id.encode()
            assert float(record.header(EXPLAINED_MS) or b"0") > 0.0
            total = assessment.baseline + sum(each.weight for each in explanation.exact)
            assert total == pytest.approx(assessment.statistic, abs=1e-9)
        raised += len(events)
    assert raised > 5

    archive = open_archive(cluster.name, endpoint=cluster.s3_endpoint, kind=EXPLANATION).to_table()
    rows = archive.drop_columns(["date", "source_partition", "source_offset"]).to_pylist()
    back = {each.explanation_id: each for each in msgspec.convert(rows, list[Explanation])}
    assert back == {each.explanation_id: each for each in explanations(cluster)}


def test_a_flood_of_alerts_holds_no_payment_up_and_is_explained_all_the_same(cluster: Cluster) -> None:
    """The process that explains stands still in the middle of a backlog: all payments are assessed meanwhile."""
    half = COUNT // 2
    with cluster.start_worker(**PATIENT) as worker:
        cluster.send(payments(COUNT)[:half])
        cluster.wait_until_done([worker])
        wait_until_explained(cluster, worker)
        worker.stop()
    with cluster.start_worker(**IMPATIENT) as worker:
        worker.wait_ready()
        produce(cluster.bootstrap, ALERTS, copies(cluster, FLOOD))
        before = len(explanations(cluster))
        wait_until(lambda: len(explanations(cluster)) > before, 60, "explaining the flood has begun")
        os.kill(explainer(worker), signal.SIGSTOP)
        standing = len(explanations(cluster))

        cluster.send(payments(COUNT)[half:])
        cluster.wait_until_done([worker])
        assert worker.metric("riskstream_transactions_assessed_total") == COUNT - half
        assert len(explanations(cluster)) < FLOOD, "the backlog is still there"
        assert len(explanations(cluster)) <= standing + 8, "but for what was on its way"

        os.kill(explainer(worker), signal.SIGCONT)
        wait_until_explained(cluster, worker)
        worker.stop()

    found = explanations(cluster)
    events = [decode_alert(each.value or b"") for log in cluster.read(ALERTS) for each in log]
    assert Counter(each.alert_id for each in found) == Counter(each.id for each in events)
    methods = Counter(each.method for each in found)
    assert methods["lime"] > 0
    assert methods["exact"] > 0
    assert all("waiting" in (each.fallback or "") for each in found if each.method == "exact")


def test_a_process_that_dies_is_replaced_and_the_worker_lives_on(cluster: Cluster) -> None:
    half = COUNT // 2
    with cluster.start_worker(**PATIENT) as worker:
        cluster.send(payments(COUNT)[:half])
        cluster.wait_until_done([worker])
        wait_until_explained(cluster, worker)
        os.kill(explainer(worker), signal.SIGKILL)
        cluster.send(payments(COUNT)[half:])
        cluster.wait_until_done([worker])
        wait_until_explained(cluster, worker)
        assert worker.metric("riskstream_explainer_restarts_total") == 1
        worker.stop()

    events = [decode_alert(each.value or b"") for log in cluster.read(ALERTS) for each in log]
    assert Counter(each.alert_id for each in explanations(cluster)) == Counter(each.id for each in events)


def test_the_processes_end_with_a_worker_that_is_killed(cluster: Cluster) -> None:
    with cluster.start_worker(**PATIENT) as worker:
        cluster.send(payments(COUNT))
        wait_until(lambda: len(explanations(cluster)) > 0, 90, "something is explained")
        child = explainer(worker)
        worker.kill()
        wait_until(lambda: not Path(f"/proc/{child}").exists(), 20, "its process has ended")
