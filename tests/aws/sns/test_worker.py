"""From a worker's alerts topic to a queue behind SNS, on a real Kafka."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sinks.alerts import alert_event, decode_alert
from stream.embedded.aws import EmbeddedAws
from stream.topics import ALERTS, ENRICHED, TRANSACTIONS
from tests.aws.sns.conftest import GRAVE, Subscribed
from tests.kafka_broker import ApacheKafka
from tests.pipeline.cluster import Cluster, recreate_topics
from tests.pipeline.outage import Relay
from tests.pipeline.process import WorkerProcess
from tests.pipeline.topics import Sending, produce
from tests.pipeline.traffic import payments, small_bundle
from tests.pipeline.waiting import wait_until
from tests.unit.sinks.assessments import assessment, transaction

pytestmark = pytest.mark.timeout(120)
COUNT = 3_000
RETRIES = "riskstream_notification_retries_total"


@pytest.fixture
def cluster(kafka: ApacheKafka, embedded_aws: EmbeddedAws, bundle_directory: Path, tmp_path: Path) -> Cluster:
    made = Cluster(kafka.bootstrap, embedded_aws.endpoint, small_bundle(), bundle_directory, tmp_path)
    recreate_topics(kafka.bootstrap, made.name)
    return made


@pytest.fixture
def subscribed(subscribe: Callable[..., Subscribed], cluster: Cluster) -> Subscribed:
    """A queue for grave alerts, of the topic that the cluster's workers publish to."""
    made = subscribe(GRAVE)
    cluster.environment |= {
        "RISKSTREAM_SNS_TOPIC_ARN": made.topic_arn,
        "RISKSTREAM_SNS_PER_MINUTE": "10000",
        "RISKSTREAM_SNS_ENDPOINT": cluster.s3_endpoint,
    }
    return made


@pytest.fixture
def sns(cluster: Cluster, subscribed: Subscribed) -> Iterator[Relay]:
    """A connection to SNS that can be cut."""
    with Relay(cluster.s3_endpoint) as relay:
        cluster.environment["RISKSTREAM_SNS_ENDPOINT"] = relay.endpoint
        yield relay


def outcome(worker: WorkerProcess, name: str) -> float:
    return worker.metric(f"riskstream_notifications_total{{outcome={name}}}")


def published_ids(cluster: Cluster) -> Counter[str]:
    return Counter(decode_alert(each.value or b"").id for log in cluster.read(ALERTS) for each in log)


def received_ids(subscribed: Subscribed) -> Counter[str]:
    return Counter(json.loads(each["Message"])["id"] for each in subscribed.received())


def sending(number: int, age_seconds: float = 0.0, **changes: Any) -> Sending:
    value = alert_event(assessment(number, **changes), transaction())
    ingested = str(int((time.time() - age_seconds) * 1000))
    return Sending(b"key", value, number % 4, (("ingested-at", ingested.encode()),))


def test_while_sns_is_away_alerts_wait_and_assessing_goes_on_and_then_each_arrives_once(
    cluster: Cluster, subscribed: Subscribed, sns: Relay
) -> None:
    with cluster.start_worker() as worker:
        worker.wait_ready()
        sns.cut()
        cluster.send(payments(COUNT))
        wait_until(lambda: cluster.lag(TRANSACTIONS, ENRICHED) == 0, 60, "everything is assessed")
        wait_until(lambda: worker.metric(RETRIES) >= 2, 30, "publishing is tried again")
        published = published_ids(cluster)

        assert cluster.lag(ALERTS) == published.total() > 3, "nothing is acknowledged before it is published"
        assert worker.probe("/live")[0] == worker.probe("/ready")[0] == 200
        assert subscribed.waiting() == 0

        sns.restore()
        wait_until(lambda: cluster.lag(ALERTS) == 0, 30, "every alert is acknowledged")
        assert outcome(worker, "published") == published.total()
        worker.stop()
    assert received_ids(subscribed) == published


def test_a_worker_that_is_killed_is_followed_by_one_that_tells_the_rest(
    cluster: Cluster, subscribed: Subscribed, sns: Relay
) -> None:
    """At least once: what was published and not yet committed comes a second time, under the same id."""
    with cluster.start_worker() as first:
        first.wait_ready()
        produce(cluster.bootstrap, ALERTS, map(sending, range(50)))
        wait_until(lambda: subscribed.waiting() == 50, 60, "alerts arrive")
        sns.cut()
        produce(cluster.bootstrap, ALERTS, map(sending, range(50, 100)))
        wait_until(lambda: first.metric(RETRIES) >= 1, 30, "publishing is tried again")
        first.kill()
    sns.restore()
    with cluster.start_worker() as second:
        second.wait_ready()
        wait_until(lambda: cluster.lag(ALERTS) == 0, 30, "every alert is acknowledged")
        second.stop()
    assert set(received_ids(subscribed)) == set(published_ids(cluster))


def test_a_flood_becomes_one_by_one_what_fits_and_a_summary_of_the_rest(
    cluster: Cluster, subscribed: Subscribed
) -> None:
    """Nothing of it is old news or history: these are passed over."""
    fresh = [sending(number) for number in range(40)]
    stale = [sending(100 + number, age_seconds=2 * 86_400) for number in range(7)]
    history = [sending(200 + number, backfill=True) for number in range(5)]
    with cluster.start_worker(RISKSTREAM_SNS_PER_MINUTE="6") as worker:
        worker.wait_ready()
        produce(cluster.bootstrap, ALERTS, [*fresh, *stale, *history])
        wait_until(lambda: outcome(worker, "held_back") >= 30, 30, "alerts are held back")
        wait_until(
            lambda: outcome(worker, "old") == 7 and outcome(worker, "backfill") == 5, 30, "others are counted"
        )
        worker.stop()
    arrived = [json.loads(each["Message"]) for each in subscribed.received()]
    summaries = [each["data"]["count"] for each in arrived if each["type"] == "io.riskstream.alerts-held-back.v1"]
    one_by_one = {each["id"] for each in arrived if each["type"] == "io.riskstream.alert.v1"}

    assert cluster.lag(ALERTS) == 0
    assert len(one_by_one) + sum(summaries) == 40
    assert 6 <= len(one_by_one) <= 10
    assert one_by_one <= {f"alert-a{number:07d}" for number in range(40)}
