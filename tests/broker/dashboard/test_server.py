"""The dashboard's process on a real broker: what it shows, what it publishes, and what it survives."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from dashboard.state.suppressions import Suppression
from detectors.explanation.explanation import Explanation
from detectors.labels import Label, decode_labels
from sinks.alerts import CONTENT_TYPE, alert_event
from stream.partitioning import partition_of
from stream.topics import ALERTS, ASSESSMENTS, EXPLAINED, LABELS, SUPPRESSIONS
from tests.broker.dashboard.process import Dashboard
from tests.kafka_broker import ApacheKafka
from tests.pipeline.cluster import Cluster
from tests.pipeline.process import child_environment
from tests.pipeline.topics import Sending, produce
from tests.pipeline.traffic import payments
from tests.pipeline.waiting import wait_until
from tests.unit.sinks.assessments import assessment, transaction

pytestmark = pytest.mark.timeout(180)
Open = Callable[[], Dashboard]
SEEN_SECONDS = 15.0
EXPLAINED_SECONDS = 60.0
"""Its process loads LIME first."""


def publish_alerts(cluster: Cluster, numbers: Iterable[int]) -> list[str]:
    """Publish an alert of each number; return their ids."""
    found = [assessment(number) for number in numbers]
    produce(
        cluster.bootstrap,
        ALERTS,
        [
            Sending(each.account_id.encode(), alert_event(each, transaction()), headers=(CONTENT_TYPE,))
            for each in found
        ],
    )
    return [each.assessment_id for each in found]


def test_a_worker_s_alerts_arrive_with_its_lag_and_its_partitions(cluster: Cluster, dashboard: Open) -> None:
    sent = payments(600)
    with cluster.start_worker(RISKSTREAM_EXPLAIN_PROCESSES="1") as worker, dashboard() as page:
        worker.wait_ready()
        page.wait_open()
        cluster.send(sent)
        cluster.wait_until_done([worker])
        wait_until(
            lambda: page.live()["payments"]["window"] == len(sent), SEEN_SECONDS, "every payment is counted"
        )
        published = [r for records in cluster.read(ALERTS) for r in records]
        assert published
        wait_until(lambda: len(page.alert_ids()) == len(published), SEEN_SECONDS, "every alert is in the queue")
        wait_until(lambda: stages(page).get("assess") == 0, SEEN_SECONDS, "nothing is left to assess")
        live = page.live()
        assert live["bundle"]["version"] == cluster.bundle.version
        assert [each["partitions"] for each in live["workers"]] == [cluster.partitions]
        assert live["latency"]["payments"] == len(sent)
        assert live["latency"]["p50_ms"] > 0
        lead = page.queue()[0]["lead"]
        detail = page.get(f"/api/alerts/{lead}")
        assert any(each["this"] for each in detail["history"])
        wait_until(lambda: bool(explained(cluster)), EXPLAINED_SECONDS, "the worker has explained an alert")
        id_ = explained(cluster)[0]
        wait_until(
            lambda: bool(page.get(f"/api/alerts/{id_}")["explanation"]), SEEN_SECONDS, "its page shows that"
        )
        assert not [line for line in page.log_text().splitlines() if sent[0].account_id in line]
        worker.stop()
        assert page.stop() < 10


def explained(cluster: Cluster) -> list[str]:
    records = [record.value for records in cluster.read(EXPLAINED) for record in records]
    return [msgspec.json.decode(value, type=Explanation).assessment_id for value in records]


def stages(page: Dashboard) -> dict[str, int | None]:
    return {each["stage"]: each["records"] for each in page.live()["lag"]}


def test_what_analysts_say_is_published_and_still_known_after_a_restart(cluster: Cluster, dashboard: Open) -> None:
    first, second = publish_alerts(cluster, [1, 2])
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    asked = {"scope": "account", "alert": second, "owner": "kim", "reason": "abroad", "expires": until}
    with dashboard() as page:
        page.wait_open()
        for _ in range(2):
            said = {"disposition": "confirmed_fraud"}
            status, answer = page.change("POST", f"/api/alerts/{first}/disposition", said)
            assert (status, answer["case"]["status"]) == (200, "done")
        status, made = page.change("POST", "/api/suppressions", asked)
        assert (status, made["hidden"]) == (200, 1)
        before = page.queue(), page.get("/api/suppressions")
        assert page.stop() < 10

    records = cluster.read(LABELS)[partition_of(assessment(1).account_id, cluster.partitions)]
    labels = decode_labels([each.value for each in records], [each.timestamp_ms for each in records])
    assert [type(each) for each in labels] == [Label, Label]
    assert {(each.transaction_id, each.disposition, each.source) for each in labels} == {
        ("TX000001", "confirmed_fraud", "analyst")
    }
    kept = [each for records in cluster.read(SUPPRESSIONS) for each in records]
    assert [(each.key, msgspec.json.decode(each.value, type=Suppression).owner) for each in kept] == [
        (made["id"].encode(), "kim")
    ]
    with dashboard() as page:
        page.wait_open()
        assert (page.queue(), page.get("/api/suppressions")) == before


def test_random_checks_are_found_again_after_a_restart(cluster: Cluster, dashboard: Open) -> None:
    cluster.environment["RISKSTREAM_DASHBOARD_REVIEW_SHARE"] = "0.1"
    genuine = [assessment(number, alert="none", risk_level="low") for number in range(200)]
    records = [Sending(each.account_id.encode(), msgspec.json.encode(each)) for each in genuine]
    produce(cluster.bootstrap, ASSESSMENTS, records)
    seen = []
    for _ in range(2):
        with dashboard() as page:
            page.wait_open()
            seen.append(sorted(member["id"] for member in page.members()))
    assert seen[0] == seen[1]
    assert 5 < len(seen[0]) < 40


def test_a_broker_that_goes_away_is_shown_and_nothing_is_lost_or_doubled(
    cluster: Cluster, dashboard: Open, empty_kafka: ApacheKafka
) -> None:
    ids = publish_alerts(cluster, range(20))
    with dashboard() as page:
        page.wait_open()
        assert page.alert_ids() == ids
        empty_kafka.kill()
        wait_until(lambda: not page.live()["broker"]["reachable"], SEEN_SECONDS, "the outage is shown")
        status, said = page.change("POST", f"/api/alerts/{ids[0]}/disposition", {"disposition": "inconclusive"})
        assert status == 503
        assert "did not acknowledge" in said["error"]
        assert page.alert_ids() == ids
        empty_kafka.start()
        ids += publish_alerts(cluster, range(20, 40))
        wait_until(lambda: page.live()["broker"]["reachable"], SEEN_SECONDS, "the broker is seen again")
        wait_until(lambda: page.alert_ids() == ids, SEEN_SECONDS, "alerts go on where they stopped")
        status, _ = page.change("POST", f"/api/alerts/{ids[0]}/disposition", {"disposition": "inconclusive"})
        assert status == 200
        assert page.stop() < 15


def test_a_busy_port_a_missing_token_and_ctrl_c(cluster: Cluster, dashboard: Open) -> None:
    with dashboard() as page:
        page.wait_open()
        port = page.url().rpartition(":")[2]
        refused = run(cluster, "--port", port)
        assert (refused.returncode, "another program may use it" in refused.stderr) == (1, True)
        refused = run(cluster, "--host", "0.0.0.0", "--port", "0")
        assert (refused.returncode, "RISKSTREAM_DASHBOARD_TOKEN" in refused.stderr) == (1, True)
        page._process.send_signal(signal.SIGINT)
        assert page.exit_code() == 0
        assert "Traceback" not in page.log_text()


def run(cluster: Cluster, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.main", "dashboard", *options],
        env=child_environment(cluster.environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
