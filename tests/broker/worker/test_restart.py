"""A worker that ends, in order or not, and one that comes after it: together they are one that never ended."""

import pytest

from stream.backtest import PartitionFold
from stream.topics import ASSESSMENTS
from tests.pipeline.cluster import PARTITIONS, Cluster
from tests.pipeline.faulty import KILLED
from tests.pipeline.folds import encoded, fold_apart, once
from tests.pipeline.topics import values
from tests.pipeline.traffic import enriched, payments

pytestmark = pytest.mark.timeout(90)
COUNT = 4_000
HALF = COUNT // 2
SMALL_BATCHES = "100"
"""So that there is a third batch, and many after it."""


def uninterrupted(cluster: Cluster) -> list[PartitionFold]:
    """What one worker would have done that was never stopped."""
    return fold_apart(enriched(COUNT), cluster.bundle, PARTITIONS)


def assert_memories_exact(cluster: Cluster) -> None:
    for fold, memories, expected in zip(
        uninterrupted(cluster), cluster.memories(), cluster.expected(), strict=True
    ):
        assert memories == expected.memories
        assert memories.items() >= fold.memories.items()


def test_a_worker_recovers_its_memories_and_goes_on_as_if_it_had_never_stopped(cluster: Cluster) -> None:
    with cluster.start_worker() as before:
        cluster.send(payments(COUNT)[:HALF])
        cluster.wait_until_done([before])
        before.stop()
    left = cluster.read(cluster.settings.changelog_topic)

    with cluster.start_worker() as after:
        after.wait_ready()
        assert cluster.read(cluster.settings.changelog_topic) == left, "recovery only reads"
        cluster.send(payments(COUNT)[HALF:])
        cluster.wait_until_done([after])
        assert after.metric("riskstream_transactions_assessed_total") == COUNT - HALF
        after.stop()

    for fold, records in zip(uninterrupted(cluster), cluster.read(ASSESSMENTS), strict=True):
        assert values(records) == encoded(fold.assessments)
    assert_memories_exact(cluster)
    assert cluster.archived_rows() == cluster.archived().num_rows == COUNT


@pytest.mark.parametrize(
    ("fault", "sent_again"), [("power-cut-before-memories", True), ("power-cut-before-commit", False)]
)
def test_a_power_cut_between_two_effects_of_a_batch_loses_and_doubles_nothing(
    cluster: Cluster, fault: str, sent_again: bool
) -> None:
    """Outputs may come twice, as the same bytes; memories take every payment once."""
    cluster.send(payments(COUNT))
    with cluster.start_worker(fault=fault, RISKSTREAM_BATCH_MAX_RECORDS=SMALL_BATCHES) as cut_off:
        assert cut_off.exit_code(40) == KILLED
    produced = sum(map(len, cluster.read(ASSESSMENTS)))

    with cluster.start_worker(RISKSTREAM_BATCH_MAX_RECORDS=SMALL_BATCHES) as after:
        cluster.wait_until_done([after])
        skipped = after.metric("riskstream_records_skipped_total")
        after.stop()

    assert 0 < produced < COUNT
    written = cluster.read(ASSESSMENTS)
    for fold, records in zip(uninterrupted(cluster), written, strict=True):
        assert once(values(records)) == encoded(fold.assessments)
    # Other partitions are cut off elsewhere, so that either cut may repeat some of theirs.
    repeated = sum(map(len, written)) - COUNT
    assert repeated > 0 or not sent_again
    assert skipped > 0, "the head guards a batch whose memories are written"
    assert_memories_exact(cluster)
    assert cluster.archived().num_rows == COUNT


def test_a_worker_that_cannot_write_memories_fails_at_once_and_leaves_the_group(cluster: Cluster) -> None:
    """A session of a minute proves the leaving: the next worker would have to wait for its end."""
    cluster.environment["RISKSTREAM_SESSION_TIMEOUT_SECONDS"] = "60"
    cluster.send(payments(COUNT))
    with cluster.start_worker(fault="failing-memories", RISKSTREAM_BATCH_MAX_RECORDS=SMALL_BATCHES) as failing:
        assert failing.exit_code(20) == 1
        log = failing.log_text()
    assert "worker crashed" in log
    assert "the changelog cannot be written" in log

    with cluster.start_worker() as after:
        cluster.wait_until_done([after], seconds=30)
        after.stop()
    for fold, records in zip(uninterrupted(cluster), cluster.read(ASSESSMENTS), strict=True):
        assert once(values(records)) == encoded(fold.assessments)
    assert_memories_exact(cluster)
