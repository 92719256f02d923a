"""S3 goes away and comes back: assessing goes on, the archive waits, nothing is lost."""

from collections.abc import Iterator

import pytest

from stream.topics import ASSESSMENTS, ENRICHED, TRANSACTIONS
from tests.pipeline.cluster import PARTITIONS, Cluster
from tests.pipeline.folds import encoded, fold_apart
from tests.pipeline.outage import Relay
from tests.pipeline.process import STOP_SECONDS
from tests.pipeline.topics import values
from tests.pipeline.traffic import enriched, payments
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(120)
COUNT = 2_400
HALF = COUNT // 2
ROWS = 100
"""An object's rows: small, so that the archive soon holds as much as it may."""
ARCHIVED = "riskstream_assessments_archived_total"
RETRIES = "riskstream_archive_retries_total"


@pytest.fixture
def s3(cluster: Cluster) -> Iterator[Relay]:
    """A connection to S3 that can be cut; the cluster's workers use it."""
    with Relay(cluster.s3_endpoint) as relay:
        cluster.environment |= {
            "RISKSTREAM_S3_ENDPOINT": relay.endpoint,
            "RISKSTREAM_ARCHIVE_FLUSH_ROWS": str(ROWS),
            "RISKSTREAM_BATCH_MAX_RECORDS": str(ROWS),
        }
        yield relay


def wait_until_assessed(cluster: Cluster) -> None:
    wait_until(lambda: cluster.lag(TRANSACTIONS, ENRICHED) == 0, 40, "everything is assessed")


def test_while_s3_is_away_the_archive_waits_and_everything_else_goes_on(cluster: Cluster, s3: Relay) -> None:
    with cluster.start_worker() as worker:
        cluster.send(payments(COUNT)[:HALF])
        cluster.wait_until_done([worker])
        s3.cut()
        cluster.send(payments(COUNT)[HALF:])
        wait_until_assessed(cluster)
        wait_until(lambda: worker.metric(RETRIES) >= PARTITIONS, 30, "uploads are tried again")

        assert worker.metric(ARCHIVED) == HALF
        assert cluster.lag(ASSESSMENTS) == COUNT - HALF, "no offset is committed before its upload"
        assert worker.probe("/live")[0] == worker.probe("/ready")[0] == 200

        s3.restore()
        cluster.wait_until_done([worker])
        worker.stop()
    assert cluster.archived_rows() == cluster.archived().num_rows == COUNT


def test_a_worker_that_is_killed_while_s3_is_away_can_be_replaced(cluster: Cluster, s3: Relay) -> None:
    """The next one starts without S3, assesses at once and archives later."""
    with cluster.start_worker() as first:
        first.wait_ready()
        first.kill()
    s3.cut()
    with cluster.start_worker() as second:
        cluster.send(payments(COUNT)[:HALF])
        wait_until_assessed(cluster)
        assert "S3 does not answer" in second.log_text()
        s3.restore()
        cluster.wait_until_done([second])
        second.stop()
    assert cluster.archived().num_rows == HALF


def test_a_worker_that_is_stopped_while_s3_hangs_ends_in_time_and_the_next_one_archives_the_rest(
    cluster: Cluster, s3: Relay
) -> None:
    """Not even a connection that is accepted and never answered may hold the process."""
    with cluster.start_worker() as worker:
        worker.wait_ready()
        s3.silence()
        cluster.send(payments(COUNT))
        wait_until_assessed(cluster)
        wait_until(lambda: s3.silenced > 0, 10, "an upload hangs")
        assert worker.stop() < STOP_SECONDS
    s3.restore()
    assert cluster.archived_rows() == 0
    assert cluster.lag(ASSESSMENTS) == COUNT

    with cluster.start_worker() as after:
        cluster.wait_until_done([after])
        assert after.metric("riskstream_transactions_received_total") == 0
        after.stop()
    assert cluster.archived().num_rows == COUNT
    for fold, records in zip(
        fold_apart(enriched(COUNT), cluster.bundle, PARTITIONS), cluster.read(ASSESSMENTS), strict=True
    ):
        assert values(records) == encoded(fold.assessments)
