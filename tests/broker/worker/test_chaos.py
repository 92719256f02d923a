"""Three days of traffic through three workers while three of them are killed; `make chaos` is the long one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.plan import Kind, Scale, Variant, draw_plan
from tests.chaos.run import Run
from tests.chaos.traffic import PARTITIONS, draw_traffic
from tests.chaos.verdict import judge
from tests.kafka_broker import ApacheKafka
from tests.pipeline.cluster import Cluster, recreate_topics
from tests.pipeline.outage import Relay
from tests.pipeline.traffic import small_bundle

pytestmark = pytest.mark.timeout(240)
SEED = 2
"""Inside 3, inside 2, and from outside."""
KILLED = 3
ACCOUNTS = 500


@pytest.fixture
def s3(s3_endpoint: str) -> Iterator[Relay]:
    """The way to S3."""
    with Relay(s3_endpoint) as relay:
        yield relay


def test_nothing_is_lost_doubled_or_changed_by_three_kills(
    kafka: ApacheKafka, s3: Relay, bundle_directory: Path, tmp_path: Path
) -> None:
    plan = draw_plan(SEED, Scale(KILLED, 0, 0, 0))
    assert {fault.kind for fault in plan} == {Kind.KILL, Kind.DIE}
    traffic = draw_traffic(SEED, ACCOUNTS, Variant.PLAIN)
    cluster = Cluster(
        kafka.bootstrap,
        s3.endpoint,
        small_bundle(),
        bundle_directory,
        tmp_path,
        merchant_memory=True,
        partitions=PARTITIONS,
    )
    recreate_topics(kafka.bootstrap, cluster.name, PARTITIONS)

    account = Run(cluster, kafka, s3, plan, traffic, print).carry_out()
    findings = judge(cluster, traffic)

    assert account.kills == KILLED
    assert account.missed == 0
    assert account.unasked == []
    assert findings.words == []
    assert findings.clean
