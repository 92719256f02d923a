"""One worker, as a process of its own, on the embedded broker and the embedded AWS."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from detectors.memory_keys import account_key
from sinks.dead_letters import read_cause
from stream.embedded.aws import EmbeddedAws
from stream.embedded.broker import EmbeddedBroker
from stream.partitioning import partition_of
from stream.stages.assess import publishes_alert
from stream.topics import ALERTS, ASSESSMENTS, DEAD_LETTERS, ENRICHED, declared_topics
from tests.pipeline.bad_records import TEN_MEGABYTES, bad_records
from tests.pipeline.cluster import PARTITIONS, Cluster
from tests.pipeline.folds import encoded, fold_apart
from tests.pipeline.topics import Sending, produce, values
from tests.pipeline.traffic import enriched, payments, saved_bundle, small_bundle
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(60)
COUNT = 1_200
APP_ID = "embedded"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Everything in this process but the worker."""
    with EmbeddedBroker(declared_topics(PARTITIONS, APP_ID)) as broker, EmbeddedAws(APP_ID) as aws:
        bundle = saved_bundle(tmp_path / "bundle")
        yield Cluster(broker.bootstrap, aws.endpoint, small_bundle(), bundle, tmp_path, name=APP_ID)


def test_payments_go_in_and_exact_assessments_alerts_memories_and_an_archive_come_out(cluster: Cluster) -> None:
    bad = [record for record in bad_records() if len(record.value or b"") < TEN_MEGABYTES]
    with cluster.start_worker() as worker:
        cluster.send_records(Sending(record.key, record.value) for record in bad)
        cluster.send(payments(COUNT))
        cluster.wait_until_done([worker])
        worker.stop()

    folds = fold_apart(enriched(COUNT), cluster.bundle, PARTITIONS)
    for fold, assessed, alerted in zip(folds, cluster.read(ASSESSMENTS), cluster.read(ALERTS), strict=True):
        assert values(assessed) == encoded(fold.assessments)
        assert len(alerted) == sum(map(publishes_alert, fold.assessments))
    for fold, memories, expected in zip(folds, cluster.memories(), cluster.expected(), strict=True):
        assert memories == expected.memories
        assert memories.items() >= fold.memories.items()
    letters = [letter for partition in cluster.read(DEAD_LETTERS) for letter in partition]
    assert Counter((read_cause(letter.headers).reason, letter.value) for letter in letters) == Counter(
        (record.reason, record.value) for record in bad
    )
    archived = cluster.archived()["transaction_id"].to_pylist()
    assert sorted(archived) == sorted(payment.transaction_id for payment in payments(COUNT))


def test_a_worker_stops_in_order_before_it_has_done_anything(cluster: Cluster) -> None:
    with cluster.start_worker() as worker:
        wait_until(lambda: worker.address() is not None, 20, "the worker has begun")
        worker.stop()


def test_a_worker_that_cannot_read_its_memories_fails_and_rejects_no_record(cluster: Cluster) -> None:
    """As after a release that changed their format: going on would dead-letter good payments."""
    (payment, *_) = payments(1)
    key = account_key(payment.account_id)
    partition = partition_of(payment.account_id, PARTITIONS)
    produce(cluster.bootstrap, cluster.settings.changelog_topic, [Sending(key, b"\xc1", partition)])
    cluster.send([payment])
    with cluster.start_worker() as worker:
        assert worker.exit_code(20) == 1
        assert "rebuild" in worker.log_text()
    assert sum(map(len, cluster.read(DEAD_LETTERS))) == 0
    assert cluster.lag(ENRICHED) == 1
