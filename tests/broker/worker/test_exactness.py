"""Twenty thousand payments and everything that is none, through one worker: what comes out is exact."""

import hashlib
from collections import Counter
from collections.abc import Sequence

import msgspec
import pytest

from stream.backtest import backtest
from stream.topics import ASSESSMENTS, DEAD_LETTERS
from tests.pipeline.cluster import PARTITIONS, Cluster
from tests.pipeline.folds import encoded
from tests.pipeline.topics import values
from tests.pipeline.traffic import enriched, payments

pytestmark = pytest.mark.timeout(150)
COUNT = 20_000


def test_every_payment_is_assessed_and_archived_exactly_as_a_backtest_says(cluster: Cluster) -> None:
    with cluster.start_worker() as worker:
        cluster.send(payments(COUNT))
        cluster.wait_until_done([worker])
        print(worker.metrics())
        print(worker.stop())
    folds = backtest(enriched(COUNT), cluster.bundle, PARTITIONS)
    for fold, records in zip(folds, cluster.read(ASSESSMENTS), strict=True):
        assert values(records) == encoded(fold.assessments)
    print(cluster.archived().num_rows, cluster.archived_rows())
    assert cluster.memories() == [e.memories for e in cluster.expected()]
