"""A change in the traffic is published as an event, and only that."""

import msgspec
import pytest

from detectors.drift import BLOCK, DriftEvent
from detectors.transaction import Transaction
from stream.backtest import PartitionFold
from stream.enrichment import enrich_embedded
from stream.partitioning import partition_of
from stream.simulation import SimulationConfig, simulate
from stream.topics import DRIFT
from tests.pipeline.cluster import PARTITIONS, Cluster
from tests.pipeline.topics import values

pytestmark = pytest.mark.timeout(60)
PARTITION = 2
"""One gets it all: a partition's drift detectors compare thousands of payments of mature accounts."""
BLOCKS, CALM_BLOCKS = 44, 30
FACTOR = 8


def shifted_payments() -> list[Transaction]:
    """Payments of one partition, whose amounts are suddenly eight times as large."""
    everybody = simulate(SimulationConfig(seed=31, accounts=400, days=85))
    ours = [p.transaction for p in everybody if partition_of(p.transaction.account_id, PARTITIONS) == PARTITION]
    calm, shifted = ours[: CALM_BLOCKS * BLOCK], ours[CALM_BLOCKS * BLOCK : BLOCKS * BLOCK]
    assert len(calm) + len(shifted) == BLOCKS * BLOCK
    return [*calm, *(msgspec.structs.replace(payment, amount=payment.amount * FACTOR) for payment in shifted)]


def test_a_shift_is_published_as_drift_and_a_replay_finds_the_same(cluster: Cluster) -> None:
    sent = shifted_payments()
    with cluster.start_worker() as worker:
        cluster.send(sent)
        cluster.wait_until_done([worker])
        metrics = worker.metrics()
        worker.stop()

    fold = PartitionFold(PARTITION)
    fold.feed(enrich_embedded(sent), cluster.bundle, batch=333)
    published = [values(records) for records in cluster.read(DRIFT)]
    assert published == [[], [], [msgspec.json.encode(drift) for drift in fold.drifts], []]

    drifts = [msgspec.json.decode(value, type=DriftEvent) for value in published[PARTITION]]
    assert {(drift.series, drift.direction) for drift in drifts} >= {("strangeness_isolation_forest", "up")}
    for drift in drifts:
        assert drift.block > CALM_BLOCKS, "calm traffic raises no alarm"
        assert drift.after > 1.5 * drift.before
        assert sent[CALM_BLOCKS * BLOCK].event_time < drift.event_time <= sent[-1].event_time
        assert metrics[f"riskstream_drifts_total{{series={drift.series}}}"] == 1
