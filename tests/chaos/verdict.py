"""What a run has to leave behind: exactly what one worker leaves that nobody ever disturbed."""

from collections.abc import Mapping, Sequence

import msgspec
import pyarrow as pa

from detectors.drift import DriftEvent
from detectors.merchants.profile import decode_profile
from sinks.alerts import alert_event
from sinks.archive import open_archive
from sinks.dead_letters import SourcePosition, read_cause
from sinks.schema import SCHEMA, columnise
from stream.backtest import Backtest, PartitionFold
from stream.enrichment import enrich_embedded
from stream.head import Guard, Head
from stream.headers import parse_origin
from stream.stages.assess import publishes_alert
from stream.topics import ALERTS, ASSESSMENTS, DEAD_LETTERS, DRIFT, ENRICHED, TRANSACTIONS
from tests.chaos.comparing import Entry, Findings
from tests.chaos.folding import fold_logs
from tests.chaos.traffic import Traffic, is_poison, malformed
from tests.pipeline.cluster import Cluster
from tests.pipeline.folds import encode, event_of
from tests.pipeline.topics import Logged

_POSITION = ("source_partition", "source_offset")
"""Columns of the archive that tell which of several equal records a row was made from."""


class _Named(msgspec.Struct):
    assessment_id: str


class _Event(msgspec.Struct):
    id: str


def judge(cluster: Cluster, traffic: Traffic) -> Findings:
    """Compare topics, memories and archive with an uninterrupted run over the same traffic."""
    run = Backtest(cluster.bundle, cluster.partitions, traffic.labels)
    for _ in run.run(enrich_embedded(traffic.payments)):
        pass
    findings = Findings()
    logs = cluster.read(ENRICHED)
    _judge_outputs(findings, cluster, traffic, run.folds)
    _judge_archive(findings, cluster, run.folds)
    _judge_memories(findings, cluster, logs)
    findings.match("merchants", _totals(run.merchants.memories), _totals(cluster.merchants()))
    _judge_dead_letters(findings, cluster, logs)
    return findings


def _judge_outputs(findings: Findings, cluster: Cluster, traffic: Traffic, folds: Sequence[PartitionFold]) -> None:
    by_id = {payment.transaction_id: payment for payment in enrich_embedded(traffic.payments)}
    topics = zip(folds, cluster.read(ASSESSMENTS), cluster.read(ALERTS), cluster.read(DRIFT), strict=True)
    for fold, assessments, alerts, drifts in topics:
        here = f"partition {fold.partition}"
        made = [encode(assessment) for assessment in fold.assessments]
        findings.compare(
            f"assessments, {here}", list(map(_named, made)), [_named(each.value or b"") for each in assessments]
        )
        told = [alert_event(a, by_id[a.transaction_id]) for a in fold.assessments if publishes_alert(a)]
        findings.compare(
            f"alerts, {here}", list(map(_event, told)), [_event(each.value or b"") for each in alerts]
        )
        shifted = [_drift(encode(drift)) for drift in fold.drifts]
        findings.compare(f"drift, {here}", shifted, [_drift(each.value or b"") for each in drifts])


def _judge_memories(findings: Findings, cluster: Cluster, logs: Sequence[Sequence[Logged]]) -> None:
    log_id = cluster.topic_ids.id_of(ENRICHED)
    for partition, (expected, found) in enumerate(
        zip(fold_logs(logs, cluster.bundle, log_id), cluster.memories(), strict=True)
    ):
        findings.match(f"memories, partition {partition}", _keyed(expected), _keyed(found))


def _judge_archive(findings: Findings, cluster: Cluster, folds: Sequence[PartitionFold]) -> None:
    made = pa.concat_tables(
        columnise(fold.assessments, fold.partition, range(len(fold.assessments))) for fold in folds
    )
    found = cluster.archived()
    ids = found["assessment_id"].to_pylist()
    findings.exceed(
        "archive: more than once",
        sorted({each for each in ids if ids.count(each) > 1}) if len(set(ids)) < len(ids) else [],
    )
    findings.match("archive", _rows(made), _rows(found))
    rows = open_archive(cluster.name, endpoint=cluster.s3_endpoint).to_table()
    seen: list[Entry] = [(name, repr(row).encode()) for name, row in _each_row(rows)]
    findings.compare("archive, before deduplication", list(dict(seen).items()), seen)


def _judge_dead_letters(findings: Findings, cluster: Cluster, logs: Sequence[Sequence[Logged]]) -> None:
    bad = {record.value for record in malformed()}
    expected: dict[str, object] = {}
    for partition, records in enumerate(cluster.read(TRANSACTIONS)):
        for record in records:
            if record.value in bad and not record.headers:
                expected[str(SourcePosition(TRANSACTIONS, partition, record.offset))] = record.value
    for partition, log in enumerate(logs):
        guard = Guard(Head())
        for record in log:
            if guard.admit(record.offset, parse_origin(record.headers)) and is_poison(event_of(record)):
                expected[str(SourcePosition(ENRICHED, partition, record.offset))] = record.value
    found: dict[str, object] = {}
    for letter in (letter for partition in cluster.read(DEAD_LETTERS) for letter in partition):
        source = str(read_cause(letter.headers).source)
        findings.repeated += source in found
        found[source] = letter.value
    findings.match("dead letters", expected, found)


def _named(value: bytes) -> Entry:
    return msgspec.json.decode(value, type=_Named).assessment_id, value


def _event(value: bytes) -> Entry:
    return msgspec.json.decode(value, type=_Event).id, value


def _drift(value: bytes) -> Entry:
    drift = msgspec.json.decode(value, type=DriftEvent)
    return f"{drift.series} {drift.block}", value


def _keyed(memories: Mapping[bytes, bytes]) -> dict[str, bytes]:
    return {key.decode(errors="replace"): value for key, value in memories.items()}


def _totals(memories: Mapping[bytes, bytes]) -> dict[str, object]:
    """What is remembered of each merchant, but for positions: a live log holds labels a little earlier."""
    return {
        key.decode(): msgspec.structs.replace(decode_profile(data), labelled=())
        for key, data in memories.items()
        if key.startswith(b"merchant/")
    }


def _rows(table: pa.Table) -> dict[str, object]:
    return {name: repr(row) for name, row in _each_row(table)}


def _each_row(table: pa.Table) -> list[tuple[str, dict[str, object]]]:
    kept = [name for name in SCHEMA.names if name not in _POSITION]
    ordered = table.sort_by([(name, "ascending") for name in _POSITION]).select(kept)
    return [(row["assessment_id"], row) for row in ordered.to_pylist()]
