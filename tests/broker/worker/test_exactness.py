"""Twenty thousand payments and everything that is none, through one worker: what comes out is exact."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from detectors.transaction import EnrichedTransaction, Transaction
from sinks.alerts import alert_event
from sinks.dead_letters import SourcePosition, read_cause
from sinks.schema import SCHEMA, columnise
from stream.backtest import PartitionFold
from stream.enrichment import enrich_embedded
from stream.stages.assess import publishes_alert
from stream.topics import ALERTS, ASSESSMENTS, DEAD_LETTERS, DRIFT, ENRICHED, TRANSACTIONS
from tests.kafka_broker import ApacheKafka
from tests.pipeline.bad_records import TEN_MEGABYTES, BadRecord, bad_records
from tests.pipeline.cluster import PARTITIONS, Cluster, recreate_topics
from tests.pipeline.folds import encoded, fold_apart
from tests.pipeline.topics import Logged, Sending, values
from tests.pipeline.traffic import enriched, payments, sending, small_bundle

pytestmark = pytest.mark.timeout(150)
COUNT = 20_000
REPEATED = (100, 7_000, 19_999)
"""Payments that the producer sends twice..."""
CORRECTED = (101, 7_001, 19_998)
"""...and once more under the same id with another amount."""


@dataclass(frozen=True)
class Run:
    """What went in, what the topics hold afterwards, and what had to come out."""

    cluster: Cluster
    bad: Sequence[BadRecord]
    folds: Sequence[PartitionFold]
    metrics: dict[str, float]
    sent: Sequence[Sequence[Logged]]
    letters: Sequence[Logged]


@pytest.fixture(scope="module")
def run(
    kafka: ApacheKafka, s3_endpoint: str, bundle_directory: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Twenty thousand good payments with bad records, repeats and corrections among them."""
    logs = tmp_path_factory.mktemp("exactness")
    cluster = Cluster(kafka.bootstrap, s3_endpoint, small_bundle(), bundle_directory, logs)
    recreate_topics(kafka.bootstrap, cluster.name)
    bad = bad_records()
    with cluster.start_worker() as worker:
        cluster.send_records(_records(bad))
        cluster.wait_until_done([worker])
        metrics = worker.metrics()
        worker.stop()
    folds = fold_apart(enriched(COUNT), cluster.bundle, PARTITIONS)
    letters = [letter for partition in cluster.read(DEAD_LETTERS) for letter in partition]
    return Run(cluster, bad, folds, metrics, cluster.read(TRANSACTIONS), letters)


def _records(bad: Sequence[BadRecord]) -> Iterator[Sending]:
    step = COUNT // len(bad)
    for index, payment in enumerate(payments(COUNT)):
        yield sending(payment)
        if index in REPEATED:
            yield sending(payment)
        if index in CORRECTED:
            yield sending(corrected(payment))
        if index % step == 0 and index // step < len(bad):
            record = bad[index // step]
            yield Sending(record.key, record.value, headers=(("producer", b"pos-7"),))


def corrected(payment: Transaction) -> Transaction:
    return msgspec.structs.replace(payment, amount=payment.amount + 1)


def test_the_assessments_are_those_of_a_backtest_byte_for_byte(run: Run) -> None:
    written = run.cluster.read(ASSESSMENTS)
    assert sum(map(len, written)) == COUNT
    for fold, records in zip(run.folds, written, strict=True):
        assert values(records) == encoded(fold.assessments)
        assert [record.key for record in records] == [a.account_id.encode() for a in fold.assessments]


def test_the_alerts_are_those_of_a_backtest_byte_for_byte(run: Run) -> None:
    by_id = {payment.transaction_id: payment for payment in enriched(COUNT)}
    found = run.cluster.read(ALERTS)
    assert sum(map(len, found)) > 10
    for fold, records in zip(run.folds, found, strict=True):
        alerted = [a for a in fold.assessments if publishes_alert(a)]
        assert values(records) == [alert_event(a, by_id[a.transaction_id]) for a in alerted]


def test_the_drift_events_are_those_of_a_fold_apart(run: Run) -> None:
    for fold, records in zip(run.folds, run.cluster.read(DRIFT), strict=True):
        assert values(records) == [msgspec.json.encode(drift) for drift in fold.drifts]


def test_the_memories_are_the_fold_of_the_log_byte_for_byte(run: Run) -> None:
    memories = run.cluster.memories()
    for fold, found, expected in zip(run.folds, memories, run.cluster.expected(), strict=True):
        assert found.keys() == expected.memories.keys()
        assert found == expected.memories
        assert found.items() >= fold.memories.items()


def test_the_archive_holds_every_assessment_once_in_every_field(run: Run) -> None:
    parts = [columnise(fold.assessments, fold.partition, range(len(fold.assessments))) for fold in run.folds]
    archived = run.cluster.archived()
    assert run.cluster.archived_rows() == COUNT
    assert set(archived["transaction_id"].to_pylist()) == {p.transaction_id for p in payments(COUNT)}
    assert archived.select(SCHEMA.names).equals(pa.concat_tables(parts))


def test_every_bad_record_is_a_dead_letter_with_its_bytes_its_reason_and_its_source(run: Run) -> None:
    letters = {read_cause(letter.headers).source: letter for letter in run.letters}
    for record in run.bad:
        source, sent = _find_sent(run, record)
        letter = letters[source]
        cause = read_cause(letter.headers)
        assert (cause.reason, cause.field) == (record.reason, record.field), record.kind
        assert letter.key == sent.key == record.key
        assert letter.header("original-producer") == b"pos-7"
        assert cause.message
        if len(record.value or b"") < TEN_MEGABYTES:
            assert letter.value == record.value
            assert not cause.truncated


def test_a_giant_is_cut_and_its_letter_says_what_it_was(run: Run) -> None:
    (giant,) = (record for record in run.bad if len(record.value or b"") == TEN_MEGABYTES)
    (letter,) = (each for each in run.letters if read_cause(each.headers).reason == "TOO_LARGE")
    assert giant.value is not None
    assert letter.value is not None
    assert 900_000 < len(letter.value) < 1_048_576
    assert giant.value.startswith(letter.value)
    assert letter.header("truncated") == b"1"
    assert letter.header("length") == b"10000000"
    assert letter.header("sha256") == hashlib.sha256(giant.value).hexdigest().encode()


def test_an_id_used_again_for_other_content_is_a_dead_letter(run: Run) -> None:
    conflicts = [each for each in run.letters if read_cause(each.headers).reason == "CONFLICTING_DUPLICATE"]
    again = enrich_embedded([corrected(payments(COUNT)[index]) for index in CORRECTED])
    decoded = [msgspec.json.decode(letter.value or b"", type=EnrichedTransaction) for letter in conflicts]
    assert sorted(decoded, key=lambda tx: tx.transaction_id) == sorted(again, key=lambda tx: tx.transaction_id)
    log = run.cluster.read(ENRICHED)
    for letter in conflicts:
        source = read_cause(letter.headers).source
        assert source is not None
        assert source.topic == ENRICHED
        assert log[source.partition][source.offset].value == letter.value


def test_there_are_no_other_dead_letters_and_all_are_counted(run: Run) -> None:
    reasons = Counter(read_cause(letter.headers).reason for letter in run.letters)
    assert reasons == Counter(record.reason for record in run.bad) + Counter(
        {"CONFLICTING_DUPLICATE": len(CORRECTED)}
    )
    counted = {reason: run.metrics[f"riskstream_dead_letters_total{{reason={reason}}}"] for reason in reasons}
    assert counted == reasons


def test_a_payment_sent_twice_is_assessed_once_and_counted(run: Run) -> None:
    assert run.metrics["riskstream_transactions_duplicate_total"] == len(REPEATED)
    assert run.metrics["riskstream_transactions_assessed_total"] == COUNT
    assert run.metrics["riskstream_records_skipped_total"] == 0
    assert run.metrics["riskstream_transactions_received_total"] == sum(map(len, run.sent))


def _find_sent(run: Run, record: BadRecord) -> tuple[SourcePosition, Logged]:
    """Where a bad record stands in the input topic."""
    ((partition, sent),) = (
        (partition, sent)
        for partition, records in enumerate(run.sent)
        for sent in records
        if sent.value == record.value and sent.key == record.key
    )
    return SourcePosition(TRANSACTIONS, partition, sent.offset), sent
