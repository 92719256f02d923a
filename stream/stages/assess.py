"""The main stage: assess a batch against the memories of its partition, and tell the merchants of it.

A record that the head has passed is skipped: it was applied, and its outputs are out.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import msgspec
from aiokafka.structs import ConsumerRecord

from detectors.alerting import is_risky
from detectors.assess import Outcome, Stretch, assess_together
from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.events import Event, TimeMark
from detectors.memory_keys import account_key
from detectors.merchants.view import NO_MERCHANTS, Merchants
from detectors.transaction import EnrichedTransaction
from sinks.alerts import CONTENT_TYPE, alert_event
from sinks.dead_letters import internal_error
from stream.batching.batch import Batch
from stream.batching.producer import Outgoing
from stream.batching.table import BatchTable
from stream.errors import OffsetGap
from stream.head import Guard, decode_head, encode_head, head_key
from stream.headers import INGESTED_AT, ORIGIN, find, parse_origin
from stream.losses import ADVICE
from stream.metrics import Metrics
from stream.stages.activity import tell_merchants
from stream.stages.events import decode_events
from stream.stages.gathering import Gathering
from stream.stages.isolation import Part, assess_isolating
from stream.stages.steps import AssessEffects, Producers, Step
from stream.topic_ids import NO_IDS, TopicIds
from stream.topics import ALERTS, ASSESSMENTS, DRIFT, ENRICHED

LARGEST_CHANGE_BYTES = 3 * 1024 * 1024
"""Of a batch's memories: they are one record batch of the changelog, whose limit is 8 MiB."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class _Begun:
    """A batch on its way: what of it is new, and the step that it leads to."""

    partition: int
    records: Sequence[ConsumerRecord]
    guard: Guard
    step: Step
    good: Sequence[ConsumerRecord]
    """Those that are new and decode."""
    stretch: Stretch


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
        self._gathering = Gathering(self._assess)

    async def compute(self, batch: Batch) -> AssessEffects:
        """Assess a batch; its memories are visible to the next one at once, durable when the effects are."""
        return await self._gathering.compute(batch)

    def _assess(self, batches: Sequence[Batch]) -> list[AssessEffects]:
        """Assess batches of different partitions together: what a look at few payments costs is paid once."""
        for batch in batches:
            self._metrics.batch_size.observe(len(batch))
            self._refuse_holes(batch)
        begun = [self._begin(batch.partition, batch.records) for batch in batches]
        return [
            AssessEffects(batch.partition, steps, self._producers, self._table, self._metrics)
            for batch, steps in zip(batches, self._steps(begun), strict=True)
        ]

    def _steps(self, begun: Sequence[_Begun]) -> list[list[Step]]:
        """Take each to its steps: one, unless its memories are too large for one record batch."""
        return [
            self._halved(each) if self._is_too_large(each, step) else [self._applied(each.partition, step)]
            for each, step in self._finished(begun)
        ]

    def _is_too_large(self, begun: _Begun, step: Step) -> bool:
        return len(begun.records) > 1 and sum(map(len, step.changes.values())) > LARGEST_CHANGE_BYTES

    def _halved(self, begun: _Begun) -> list[Step]:
        """One half after the other: the second meets the memories that the first leaves."""
        middle = len(begun.records) // 2
        steps = []
        for half in (begun.records[:middle], begun.records[middle:]):
            steps += self._steps([self._begin(begun.partition, half)])[0]
        return steps

    def _applied(self, partition: int, step: Step) -> Step:
        self._table.apply(partition, step.changes)
        self._count(step)
        return step

    def _refuse_holes(self, batch: Batch) -> None:
        """Raise if records before the batch were never seen: the head would hide them for ever."""
        data = self._table.reader(batch.partition)(head_key(batch.partition))
        if data is not None and batch.first_offset > decode_head(data).next_offset:
            raise OffsetGap(
                f"{batch.topic} partition {batch.partition}: the memories have come to offset"
                f" {decode_head(data).next_offset}, but the next record is {batch.first_offset}; {ADVICE}"
            )

    def _begin(self, partition: int, records: Sequence[ConsumerRecord]) -> _Begun:
        """Leave out what was applied before, and decode the rest."""
        guard = Guard(decode_head(self._table.reader(partition)(head_key(partition))), self._log_id)
        fresh = [r for r in records if guard.admit(r.offset, parse_origin(r.headers))]
        step = Step(skipped=guard.skipped)
        good, events, rejected = decode_events(fresh)
        for record, rejection in rejected:
            step.reject(record, rejection)
        stretch = Stretch(events, self._table.reader(partition, _accounts(events)), partition)
        return _Begun(partition, records, guard, step, good, stretch)

    def _finished(self, begun: Sequence[_Begun]) -> Iterator[tuple[_Begun, Step]]:
        merchants = NO_MERCHANTS if self._merchants is None else self._merchants
        work = partial(assess_together, bundle=self._bundle, merchants=merchants)
        found = assess_isolating([each.stretch for each in begun], work)
        for each, parts in zip(begun, found, strict=True):
            yield each, self._finish(each, parts)

    def _finish(self, begun: _Begun, parts: Sequence[Part]) -> Step:
        step, good, events = begun.step, begun.good, begun.stretch.events
        done: list[tuple[Sequence[int], Outcome]] = []
        for part in parts:
            if part.outcome is None:
                step.reject(good[part.start], internal_error("assess", part.failure or ""))
            else:
                self._emit(step, good[part.start :], events[part.start :], part.outcome)
                done.append(([record.offset for record in good[part.start : part.end]], part.outcome))
        if self._merchants is not None:
            for target, told in tell_merchants(begun.partition, self._partitions, done, self._log_id):
                step.told.setdefault(target, []).append(told)
        step.changes[head_key(begun.partition)] = encode_head(begun.guard.head(self._bundle.version))
        return step

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


def _headers(record: ConsumerRecord) -> tuple[tuple[str, bytes], ...]:
    """Pass on where a transaction came from and when it was produced."""
    headers = record.headers
    if len(headers) == 2 and headers[0][0] == ORIGIN and headers[1][0] == INGESTED_AT:
        # As the enrich stage writes them.
        return tuple(headers)
    return tuple((name, value) for name, value in record.headers if name in (ORIGIN, INGESTED_AT))
