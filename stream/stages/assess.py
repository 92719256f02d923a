"""The main stage: assess a batch against the memories of its partition, and tell the merchants of it.

The order of effects loses nothing: outputs are acknowledged before the changed memories are written, all or
nothing, and the offset is committed last. A record that the head has passed is skipped.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord

from detectors.alerting import is_risky
from detectors.assess import Outcome, assess
from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.diagnosis import Rejection
from detectors.events import Event, TimeMark
from detectors.labels import Label
from detectors.memory_keys import account_key
from detectors.merchants.view import NO_MERCHANTS, Merchants
from detectors.transaction import EnrichedTransaction
from sinks.alerts import CONTENT_TYPE, alert_event
from sinks.dead_letters import SourcePosition, dead_letter, internal_error
from stream.batching.batch import Batch
from stream.batching.producer import ChangelogWriter, Outgoing, send_records
from stream.batching.table import BatchTable
from stream.errors import OffsetGap
from stream.head import Guard, decode_head, encode_head, head_key
from stream.headers import INGESTED_AT, KIND, LABEL_KIND, ORIGIN, TIME_KIND, find, parse_origin
from stream.losses import ADVICE
from stream.metrics import Metrics
from stream.stages.activity import tell_merchants
from stream.stages.isolation import assess_isolating
from stream.topic_ids import NO_IDS, TopicIds
from stream.topics import ALERTS, ASSESSMENTS, DEAD_LETTERS, DRIFT, ENRICHED, MERCHANT_ACTIVITY

LARGEST_CHANGE_BYTES = 3 * 1024 * 1024
"""Of a batch's memories: they are one record batch of the changelog, whose limit is 8 MiB."""

UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError)
"""What msgspec raises for bytes that are no enriched transaction, label or time mark."""

_decode = msgspec.json.Decoder(EnrichedTransaction).decode
_decode_kind: dict[bytes, Callable[[bytes], Event]] = {
    LABEL_KIND: msgspec.json.Decoder(Label).decode,
    TIME_KIND: msgspec.json.Decoder(TimeMark).decode,
}
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Producers:
    """Outputs and changelog apart: the changelog's record batches may be larger."""

    outputs: AIOKafkaProducer
    changelog: ChangelogWriter


@dataclass(slots=True)
class Step:
    """Outputs that must be acknowledged before its changes are written."""

    outputs: dict[str, list[Outgoing]] = field(default_factory=dict)
    told: dict[int, list[Outgoing]] = field(default_factory=dict)
    """News for merchants, by the partition of `merchant-activity`."""
    changes: dict[bytes, bytes] = field(default_factory=dict)
    alerts_ingested_at: list[float] = field(default_factory=list)
    """Seconds since the epoch, of the transactions behind the alerts."""
    assessments: list[Assessment] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    drifted: list[str] = field(default_factory=list)
    duplicates: int = 0
    skipped: int = 0
    labels: int = 0
    labels_repeated: int = 0

    def reject(self, record: ConsumerRecord, rejection: Rejection) -> None:
        """Add a dead letter."""
        position = SourcePosition(record.topic, record.partition, record.offset)
        letter = dead_letter(record.value, rejection, position, key=record.key, headers=record.headers)
        self.emit(DEAD_LETTERS, Outgoing(letter.key, letter.value, letter.headers))
        self.rejected.append(rejection.reason)

    def emit(self, topic: str, record: Outgoing) -> None:
        """Add a record to produce."""
        self.outputs.setdefault(topic, []).append(record)


@dataclass(frozen=True, slots=True)
class AssessEffects:
    """The steps of one batch (one, unless its memories are too large for one record batch)."""

    partition: int
    steps: Sequence[Step]
    producers: Producers
    table: BatchTable
    metrics: Metrics

    async def apply(self) -> None:
        """Outputs first, then memories; the offset follows when this returns."""
        for step in self.steps:
            deliveries = []
            for topic, records in step.outputs.items():
                deliveries += await send_records(self.producers.outputs, topic, self.partition, records)
            for partition, records in step.told.items():
                deliveries += await send_records(self.producers.outputs, MERCHANT_ACTIVITY, partition, records)
            await asyncio.gather(*deliveries)
            await self.table.persist(self.producers.changelog, self.partition, step.changes)
            now = time.time()
            for ingested_at in step.alerts_ingested_at:
                self.metrics.latency.observe(max(0.0, now - ingested_at))


class AssessStage:
    """Assesses enriched transactions with one bundle.

    With `merchants` it reads their memories and tells them what happens; with None it knows of none, and what it
    publishes follows from its log alone.
    """

    def __init__(
        self,
        bundle: Bundle,
        table: BatchTable,
        producers: Producers,
        metrics: Metrics,
        partitions: int = 1,
        merchants: Merchants | None = None,
        topics: TopicIds = NO_IDS,
    ) -> None:
        self._bundle = bundle
        self._table = table
        self._producers = producers
        self._metrics = metrics
        self._partitions = partitions
        self._merchants = merchants
        self._log_id = topics.id_of(ENRICHED)

    async def compute(self, batch: Batch) -> AssessEffects:
        """Assess a batch; its memories are visible to the next one at once, durable when the effects are."""
        self._metrics.batch_size.observe(len(batch))
        self._refuse_holes(batch)
        steps = self._steps(batch.partition, batch.records)
        return AssessEffects(batch.partition, steps, self._producers, self._table, self._metrics)

    def _steps(self, partition: int, records: Sequence[ConsumerRecord]) -> list[Step]:
        step = self._step(partition, records)
        if sum(map(len, step.changes.values())) > LARGEST_CHANGE_BYTES and len(records) > 1:
            middle = len(records) // 2
            return [*self._steps(partition, records[:middle]), *self._steps(partition, records[middle:])]
        self._table.apply(partition, step.changes)
        self._count(step)
        return [step]

    def _refuse_holes(self, batch: Batch) -> None:
        """Raise if records before the batch were never seen: the head would hide them for ever."""
        data = self._table.reader(batch.partition)(head_key(batch.partition))
        if data is not None and batch.first_offset > decode_head(data).next_offset:
            raise OffsetGap(
                f"{batch.topic} partition {batch.partition}: the memories have come to offset"
                f" {decode_head(data).next_offset}, but the next record is {batch.first_offset}; {ADVICE}"
            )

    def _step(self, partition: int, records: Sequence[ConsumerRecord]) -> Step:
        guard = Guard(decode_head(self._table.reader(partition)(head_key(partition))), self._log_id)
        fresh = [r for r in records if guard.admit(r.offset, parse_origin(r.headers))]
        step = Step(skipped=guard.skipped)
        good, events = self._decode(fresh, step)
        merchants = NO_MERCHANTS if self._merchants is None else self._merchants
        work = partial(assess, bundle=self._bundle, partition=partition, merchants=merchants)
        done: list[tuple[Sequence[int], Outcome]] = []
        for part in assess_isolating(events, self._table.reader(partition, _accounts(events)), work):
            if part.outcome is None:
                step.reject(good[part.start], internal_error("assess", part.failure or ""))
            else:
                self._emit(step, good[part.start :], events[part.start :], part.outcome)
                done.append(([record.offset for record in good[part.start : part.end]], part.outcome))
        if self._merchants is not None:
            for target, told in tell_merchants(partition, self._partitions, done, self._log_id):
                step.told.setdefault(target, []).append(told)
        step.changes[head_key(partition)] = encode_head(guard.head(self._bundle.version))
        return step

    def _decode(self, records: Sequence[ConsumerRecord], step: Step) -> tuple[list[ConsumerRecord], list[Event]]:
        """Decode what the first stages wrote; what somebody else wrote there may not decode."""
        try:
            return list(records), [_decode_event(record) for record in records]
        except UNDECODABLE:
            good: list[ConsumerRecord] = []
            events: list[Event] = []
        for record in records:
            try:
                events.append(_decode_event(record))
            except UNDECODABLE as error:
                told = f"neither an enriched transaction nor a label or time mark: {error}"
                step.reject(record, Rejection("MALFORMED_JSON", told, None))
            else:
                good.append(record)
        return good, events

    def _emit(
        self,
        step: Step,
        records: Sequence[ConsumerRecord],
        events: Sequence[Event],
        outcome: Outcome,
    ) -> None:
        for index, assessment in outcome.assessments:
            headers = _headers(records[index])
            key = assessment.account_id.encode()
            step.emit(ASSESSMENTS, Outgoing(key, _encode(assessment), headers))
            step.assessments.append(assessment)
            if publishes_alert(assessment):
                alert = alert_event(assessment, cast("EnrichedTransaction", events[index]))
                step.emit(ALERTS, Outgoing(key, alert, (*headers, CONTENT_TYPE)))
                step.alerts_ingested_at.append(int(find(records[index].headers, INGESTED_AT) or 0) / 1000)
        for index, rejection in outcome.rejections:
            step.reject(records[index], rejection)
        for drift in outcome.drifts:
            step.emit(DRIFT, Outgoing(None, _encode(drift)))
            step.drifted.append(drift.series)
        step.duplicates += outcome.duplicates
        step.labels += outcome.labels
        step.labels_repeated += outcome.labels_repeated
        step.changes.update(outcome.memories)

    def _count(self, step: Step) -> None:
        metrics = self._metrics
        metrics.skipped.inc(step.skipped)
        metrics.duplicates.inc(step.duplicates)
        metrics.assessed.inc(len(step.assessments))
        metrics.labels.inc(step.labels)
        metrics.labels_repeated.inc(step.labels_repeated)
        for reason in step.rejected:
            metrics.dead_letters.labels(reason).inc()
        for series in step.drifted:
            metrics.drifts.labels(series).inc()
        live = [assessment for assessment in step.assessments if not assessment.backfill]
        for level, count in Counter(assessment.risk_level for assessment in live).items():
            metrics.levels.labels(level).inc(count)
        metrics.saw_live(len(live), sum(is_risky(assessment.risk_level) for assessment in live))
        for status, count in Counter(a.alert for a in step.assessments if publishes_alert(a)).items():
            metrics.alerts.labels(status).inc(count)
        metrics.degraded.inc(sum(bool(a.degraded) for a in step.assessments))
        metrics.merchants_behind.inc(sum("merchant" in a.degraded for a in step.assessments))


def publishes_alert(assessment: Assessment) -> bool:
    """Tell whether somebody is to be told: backfilled history alerts nobody, nor does a folded alert."""
    return assessment.alert in ("new", "escalation") and not assessment.backfill


def _accounts(events: Sequence[Event]) -> Iterator[bytes]:
    """Yield the keys of the memories that events are about."""
    for event in events:
        if not isinstance(event, TimeMark):
            yield account_key(event.account_id)


def _decode_event(record: ConsumerRecord) -> Event:
    kind = find(record.headers, KIND)
    if kind is None:
        return _decode(record.value)
    decode = _decode_kind.get(kind)
    if decode is None:
        raise msgspec.DecodeError(f"the header `{KIND}` says {kind!r}")
    return decode(record.value)


def _headers(record: ConsumerRecord) -> tuple[tuple[str, bytes], ...]:
    """Pass on where a transaction came from and when it was produced."""
    headers = record.headers
    if len(headers) == 2 and headers[0][0] == ORIGIN and headers[1][0] == INGESTED_AT:
        # As the enrich stage writes them.
        return tuple(headers)
    return tuple((name, value) for name, value in record.headers if name in (ORIGIN, INGESTED_AT))
