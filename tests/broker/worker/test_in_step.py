"""Merchants, learned across partitions and workers while labels come in: the same as in a backtest."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import msgspec
import pytest

from detectors.assessment import Assessment
from detectors.features import FEATURES
from detectors.labels import Label, labels_from_truth
from detectors.memory_keys import ledger_key, merchant_key
from detectors.merchants.profile import MerchantProfile, decode_profile
from detectors.transaction import Transaction
from detectors.windows import HOUR
from stream.backtest import Backtest
from stream.enrichment import enrich_embedded
from stream.headers import KIND, TIME_KIND
from stream.simulation import SimulationConfig, simulate
from stream.topics import ASSESSMENTS, ENRICHED, MERCHANT_PROFILES
from tests.kafka_broker import ApacheKafka
from tests.pipeline.cluster import PARTITIONS, Cluster, recreate_topics
from tests.pipeline.folds import encoded, once
from tests.pipeline.topics import Sending, produce, values
from tests.pipeline.traffic import small_bundle
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(180)
DELAY = timedelta(hours=24)
"""Of the small bundle: short, so that in three days labels come in and matter."""
RISK = FEATURES.index("merchant_risk_1d")
ASSESSED = "riskstream_transactions_assessed_total"
BEHIND = "riskstream_merchants_behind_total"
EDGE = "riskstream_merchant_edge_seconds"


def reports(payments: Sequence[Transaction]) -> list[Label]:
    """One payment in twelve is reported as fraud a day later; one report in five is taken back after an hour."""
    reported = labels_from_truth(payments, {each.transaction_id: True for each in payments[::12]}, DELAY)
    withdrawn = [
        msgspec.structs.replace(
            label,
            disposition="false_positive",
            source="analyst",
            observed_at=label.observed_at + timedelta(hours=1),
        )
        for label in reported[::5]
    ]
    return [*reported, *withdrawn, *reported[::7]]


@dataclass(frozen=True)
class Days:
    """Traffic of some days, and the labels that become known in them."""

    payments: Sequence[Transaction]
    labels: Sequence[Label]


@cache
def days(count: int) -> Days:
    """The first days of always the same traffic."""
    traffic = simulate(SimulationConfig(seed=41, accounts=800, days=3))
    end = traffic[0].transaction.event_time + timedelta(days=count)
    payments = [each.transaction for each in traffic if each.transaction.event_time < end]
    return Days(payments, [label for label in reports(payments) if label.observed_at < payments[-1].event_time])


@pytest.fixture
def cluster(kafka: ApacheKafka, s3_endpoint: str, bundle_directory: Path, tmp_path: Path) -> Cluster:
    """A cluster whose workers remember merchants."""
    made = Cluster(kafka.bootstrap, s3_endpoint, small_bundle(), bundle_directory, tmp_path, merchant_memory=True)
    recreate_topics(kafka.bootstrap, made.name)
    return made


def totals(memories: Mapping[bytes, bytes]) -> dict[bytes, MerchantProfile]:
    """What is remembered of each merchant, but for positions: a live log holds labels a little earlier."""
    return {
        key: msgspec.structs.replace(decode_profile(data), labelled=())
        for key, data in memories.items()
        if key.startswith(b"merchant/")
    }


def assert_as_in_a_backtest(cluster: Cluster, sent: Days) -> list[Assessment]:
    """Every assessment in every field, and what is remembered of every merchant; return the assessments."""
    run = Backtest(cluster.bundle, PARTITIONS, sent.labels)
    for _ in run.run(enrich_embedded(sent.payments)):
        pass
    for fold, records in zip(run.folds, cluster.read(ASSESSMENTS), strict=True):
        assert once(values(records)) == encoded(fold.assessments)
        assert not any(assessment.degraded for assessment in fold.assessments)
    assert totals(cluster.merchants()) == totals(run.merchants.memories)
    return [assessment for fold in run.folds for assessment in fold.assessments]


def test_two_workers_give_what_a_backtest_gives_with_labels_arriving_in_the_middle(cluster: Cluster) -> None:
    sent = days(3)
    with cluster.start_worker() as first, cluster.start_worker() as second:
        workers = [first, second]
        for worker in workers:
            worker.wait_ready()
        cluster.send_in_step(sent.payments, sent.labels)
        cluster.wait_until_done(workers)
        assert sum(worker.metric(BEHIND) for worker in workers) == 0
        assert all(worker.metric("riskstream_merchants_folded_total") > 0 for worker in workers)
        counted = sum(worker.metric("riskstream_labels_total") for worker in workers)
        for worker in workers:
            worker.stop()
    assert counted == len({(label.transaction_id, label.observed_at) for label in sent.labels}) > 100
    assessed = assert_as_in_a_backtest(cluster, sent)
    assert sum((each.features[RISK] or 0) > 0 for each in assessed) > 10, "payments at merchants with known frauds"


def test_a_worker_that_is_killed_in_the_middle_of_an_hour_is_made_up_for(cluster: Cluster) -> None:
    """What was told of the open hour lies in Kafka only; the next worker reads it again and counts it once."""
    sent = days(1)
    middle = len(sent.payments) // 2
    with cluster.start_worker() as first:
        first.wait_ready()
        cluster.send_in_step(sent.payments[:middle])
        cluster.wait_until_done([first])
        first.kill()
    with cluster.start_worker() as second:
        second.wait_ready()
        cluster.send_in_step(sent.payments[middle:])
        cluster.wait_until_done([second])
        assert second.metric(BEHIND) == 0
        second.stop()
    assert_as_in_a_backtest(cluster, sent)


def test_a_worker_that_is_killed_while_the_replay_waits_is_replaced_by_the_other(cluster: Cluster) -> None:
    """Its partitions of payments and of merchants, and the open hours of both, go to the worker that is left."""
    sent = days(1)
    with cluster.start_worker() as first, cluster.start_worker() as second, ThreadPoolExecutor(1) as replay:
        for worker in (first, second):
            worker.wait_ready()
        replaying = replay.submit(cluster.send_in_step, sent.payments)
        wait_until(lambda: first.metric(ASSESSED) > 50, 40, "both have begun")
        first.kill()
        replaying.result()
        cluster.wait_until_done([second])
        assert second.metric(BEHIND) == 0
        second.stop()
    assert_as_in_a_backtest(cluster, sent)


def test_time_goes_on_in_partitions_where_nothing_is_paid(cluster: Cluster) -> None:
    """Payments of one account only: without time marks the other partitions would keep every hour open."""
    payment = days(1).payments[0]
    later = payment.event_time + timedelta(hours=3)
    with cluster.start_worker() as worker:
        worker.wait_ready()
        cluster.send([payment, msgspec.structs.replace(payment, transaction_id="later", event_time=later)])
        closed = cluster.bundle.manifest.timing.activity_edge(int(later.timestamp())) * HOUR
        wait_until(lambda: worker.metric(EDGE) == closed, 20, "all hours before the last payment are closed")
        worker.stop()
    assert set(totals(cluster.merchants())) == {merchant_key(payment.merchant_id)}
    marks = [sum(record.header(KIND) == TIME_KIND for record in log) for log in cluster.read(ENRICHED)]
    assert sorted(marks) == [0, 1, 1, 1]


def test_a_worker_that_cannot_read_merchants_fails_and_assesses_nothing(cluster: Cluster) -> None:
    """As after a release that changed their format: it must not go on as if nobody were known."""
    produce(cluster.bootstrap, MERCHANT_PROFILES, [Sending(ledger_key(0), b"\xc1", 0)])
    cluster.send(days(1).payments[:1])
    with cluster.start_worker() as worker:
        assert worker.exit_code(30) == 1
        assert "cannot be read" in worker.log_text()
    assert sum(map(len, cluster.read(ASSESSMENTS))) == 0
