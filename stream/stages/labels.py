"""The stage of labels: decode, validate, and send on to the partition that remembers the account.

Behind it a label is one record more of the account's partition of `transactions.enriched`: what the memories know
is the fold of that one log. Nothing here knows whether the payment was ever seen.
"""

from datetime import UTC

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord

from detectors.diagnosis import Rejection
from detectors.labels import Label, decode_labels
from sinks.dead_letters import SourcePosition, dead_letter
from stream.batching.batch import Batch
from stream.batching.producer import Outgoing
from stream.headers import KIND, LABEL_KIND, ORIGIN, Origin
from stream.metrics import Metrics
from stream.partitioning import partition_of
from stream.stages.enrich import EnrichEffects
from stream.topic_ids import NO_IDS, TopicIds

_encode = msgspec.json.Encoder().encode


class LabelStage:
    """Sends valid labels on to their accounts' partitions, a batch at a time."""

    def __init__(
        self, producer: AIOKafkaProducer, partitions: int, metrics: Metrics, topics: TopicIds = NO_IDS
    ) -> None:
        self._producer = producer
        self._partitions = partitions
        self._metrics = metrics
        self._topics = topics

    async def compute(self, batch: Batch) -> EnrichEffects:
        """Decode a batch and prepare what to produce."""
        records = batch.records
        effects = EnrichEffects(self._producer)
        decoded = decode_labels([r.value for r in records], [r.timestamp for r in records])
        for record, item in zip(records, decoded, strict=True):
            if isinstance(item, Rejection):
                effects.dead[record.partition].append(_dead(record, item))
                self._metrics.dead_letters.labels(item.reason).inc()
            else:
                partition = partition_of(item.account_id, self._partitions)
                effects.enriched[partition].append(self._outgoing(record, item))
        return effects

    def _outgoing(self, record: ConsumerRecord, label: Label) -> Outgoing:
        told = msgspec.structs.replace(
            label, event_time=label.event_time.astimezone(UTC), observed_at=label.observed_at.astimezone(UTC)
        )
        origin = Origin(self._topics.source(record.topic), record.partition, record.offset)
        headers = ((ORIGIN, origin.encode()), (KIND, LABEL_KIND))
        return Outgoing(label.account_id.encode(), _encode(told), headers)


def _dead(record: ConsumerRecord, rejection: Rejection) -> Outgoing:
    position = SourcePosition(record.topic, record.partition, record.offset)
    letter = dead_letter(record.value, rejection, position, key=record.key, headers=record.headers)
    return Outgoing(letter.key, letter.value, letter.headers)
