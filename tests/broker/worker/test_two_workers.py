"""Two workers in one group, one joins late and one leaves, in order or not, while payments keep coming."""

from collections.abc import Callable

import pytest

from stream.topics import ASSESSMENTS
from tests.pipeline.cluster import PARTITIONS, Cluster
from tests.pipeline.flow import Flow
from tests.pipeline.folds import encoded, fold_apart, once
from tests.pipeline.process import WorkerProcess
from tests.pipeline.topics import values
from tests.pipeline.traffic import enriched, payments
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(120)
COUNT = 8_000
RATE = 500
ASSESSED = "riskstream_transactions_assessed_total"


def assess_more(worker: WorkerProcess, count: int) -> None:
    """Wait until a worker has assessed so many more."""
    before = worker.metric(ASSESSED)
    wait_until(lambda: worker.metric(ASSESSED) >= before + count, 40, f"a worker assesses {count} more")


@pytest.mark.parametrize("leave", [WorkerProcess.stop, WorkerProcess.kill], ids=["stopped", "killed"])
def test_nothing_is_lost_when_one_joins_and_one_leaves(
    cluster: Cluster, leave: Callable[[WorkerProcess], object]
) -> None:
    with cluster.start_worker() as first:
        first.wait_ready()
        with Flow(cluster.settings.kafka_client(), payments(COUNT), RATE):
            assess_more(first, 200)
            with cluster.start_worker() as second:
                assess_more(second, 200)
                leave(first)
                assess_more(second, 200)
                cluster.wait_until_done([second])
                second.stop()
    assert_exact(cluster)


def assert_exact(cluster: Cluster) -> None:
    """Everything is assessed, archived and remembered as by one worker that was never interrupted."""
    folds = fold_apart(enriched(COUNT), cluster.bundle, PARTITIONS)
    for fold, records in zip(folds, cluster.read(ASSESSMENTS), strict=True):
        assert once(values(records)) == encoded(fold.assessments)
    for fold, memories, expected in zip(folds, cluster.memories(), cluster.expected(), strict=True):
        assert memories == expected.memories
        assert memories.items() >= fold.memories.items()
    archived = cluster.archived()["transaction_id"].to_pylist()
    assert sorted(archived) == sorted(payment.transaction_id for payment in payments(COUNT))
