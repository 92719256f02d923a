"""The first stage: decode, validate, geolocate, and re-key by account; time marks go on to their own partition.

Bad input becomes dead letters with its original bytes; a geolocation outage only degrades.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord

from detectors.decoding import decode_transactions
from detectors.diagnosis import FUTURE_TOLERANCE_S, Rejection
from detectors.events import TimeMark
from detectors.transaction import EnrichedTransaction, Transaction
from sinks.dead_letters import SourcePosition
from stream.batching.batch import Batch
from stream.batching.producer import Outgoing, send_records
from stream.enrichment import GeoResolver
from stream.headers import BACKFILL, KIND, ORIGIN, TIME_KIND, Origin, find
from stream.metrics import Metrics
from stream.partitioning import partition_of
from stream.stages.enriching import enriched_record, letter_record, locate_and_enrich
from stream.topic_ids import NO_IDS, TopicIds
from stream.topics import DEAD_LETTERS, ENRICHED

_encode = msgspec.json.Encoder().encode
_decode_mark = msgspec.json.Decoder(TimeMark).decode


@dataclass(slots=True)
class EnrichEffects:
    """Enriched transactions by partition, and dead letters."""

    producer: AIOKafkaProducer
    enriched: dict[int, list[Outgoing]] = field(default_factory=lambda: defaultdict(list))
    dead: dict[int, list[Outgoing]] = field(default_factory=lambda: defaultdict(list))

    async def apply(self) -> None:
        """Produce everything and wait for the broker's acknowledgements."""
        deliveries = []
        for topic, outputs in ((ENRICHED, self.enriched), (DEAD_LETTERS, self.dead)):
            for partition, records in outputs.items():
                deliveries += await send_records(self.producer, topic, partition, records)
        await asyncio.gather(*deliveries)


class EnrichStage:
    """Turns raw transactions into enriched ones, a batch at a time."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        resolver: GeoResolver,
        partitions: int,
        metrics: Metrics,
        topics: TopicIds = NO_IDS,
    ) -> None:
        self._producer = producer
        self._resolver = resolver
        self._partitions = partitions
        self._metrics = metrics
        self._topics = topics

    async def compute(self, batch: Batch) -> EnrichEffects:
        """Decode a batch, locate its addresses in one go and prepare what to produce, in the batch's order."""
        effects = EnrichEffects(self._producer)
        read = list(zip(batch.records, _decode(batch.records), strict=True))
        good = [(record, item) for record, item in read if isinstance(item, Transaction)]
        enriched = iter(await self._enrich(good))
        for record, item in read:
            if isinstance(item, Rejection):
                effects.dead[record.partition].append(self._dead(record, item))
                self._metrics.dead_letters.labels(item.reason).inc()
            elif isinstance(item, TimeMark):
                effects.enriched[record.partition].append(self._mark(record, item))
            else:
                located = next(enriched)
                partition = partition_of(located.account_id, self._partitions)
                effects.enriched[partition].append(
                    enriched_record(located, self._origin(record), record.timestamp)
                )
        self._metrics.received.inc(sum(not isinstance(item, TimeMark) for _, item in read))
        return effects

    async def _enrich(self, good: Sequence[tuple[ConsumerRecord, Transaction]]) -> list[EnrichedTransaction]:
        backfill = [find(record.headers, BACKFILL) == b"1" for record, _ in good]
        return await locate_and_enrich(self._resolver, [transaction for _, transaction in good], backfill)

    def _mark(self, record: ConsumerRecord, mark: TimeMark) -> Outgoing:
        return Outgoing(None, _encode(mark), ((KIND, TIME_KIND), (ORIGIN, self._origin(record).encode())))

    def _origin(self, record: ConsumerRecord) -> Origin:
        return Origin(self._topics.source(record.topic), record.partition, record.offset)

    def _dead(self, record: ConsumerRecord, rejection: Rejection) -> Outgoing:
        position = SourcePosition(record.topic, record.partition, record.offset)
        return letter_record(record.value, rejection, position, record.key, record.headers)


def _decode(records: Sequence[ConsumerRecord]) -> list[Transaction | TimeMark | Rejection]:
    """Decode payments in one go, and the few records that are none one by one."""
    items: list[Transaction | TimeMark | Rejection] = []
    items += decode_transactions([r.value for r in records], [r.timestamp for r in records])
    for index, record in enumerate(records):
        if record.headers and find(record.headers, KIND) == TIME_KIND:
            items[index] = _decode_time(record)
    return items


def _decode_time(record: ConsumerRecord) -> TimeMark | Rejection:
    try:
        mark = _decode_mark(record.value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejection("MALFORMED_JSON", f"not a time mark: {error}")
    if mark.time.timestamp() > record.timestamp / 1000 + FUTURE_TOLERANCE_S:
        told = mark.time.isoformat()
        return Rejection("EVENT_TIME_IN_FUTURE", f"the time mark {told} lies past its Kafka timestamp", "time")
    return mark
