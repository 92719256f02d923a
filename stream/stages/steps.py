"""What a batch of the main stage leads to, and the order in which it is carried out: nothing is lost by it.

Outputs are acknowledged before the changed memories are written, all or nothing; the offset is committed last.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord

from detectors.assessment import Assessment
from detectors.diagnosis import Rejection
from sinks.dead_letters import SourcePosition, dead_letter
from stream.batching.outbox import Outbox
from stream.batching.producer import ChangelogWriter, Outgoing, send_records
from stream.batching.table import BatchTable
from stream.metrics import Metrics
from stream.topics import DEAD_LETTERS, MERCHANT_ACTIVITY


@dataclass(frozen=True, slots=True)
class Producers:
    """Outputs and changelog apart: the changelog's record batches may be larger."""

    outputs: AIOKafkaProducer
    changelog: ChangelogWriter
    outbox: Outbox


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
                deliveries.append(self.producers.outbox.send(MERCHANT_ACTIVITY, partition, records))
            await asyncio.gather(*deliveries)
            await self.table.persist(self.producers.changelog, self.partition, step.changes)
            now = time.time()
            for ingested_at in step.alerts_ingested_at:
                self.metrics.latency.observe(max(0.0, now - ingested_at))
