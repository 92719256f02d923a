"""A bare aiokafka loop: read, assess a partition's records as one batch, write, commit: what is possible at all.

It has neither a guard against records delivered twice nor dead letters, recovery, metrics, or memories that move.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import ConsumerRecord, TopicPartition

from benchmarks.speed.rivals.equal_terms import (
    ALERT_HEADER,
    MerchantsAsTheyAre,
    decode_event,
    outputs,
    passed_on,
    spare_the_collector,
)
from detectors.assess import assess
from detectors.bundle import Bundle
from detectors.merchants.view import Merchants
from sinks.bundles import load_bundle
from stream.batching.producer import Outgoing, send_atomically, send_records
from stream.kafka import CHANGELOG_BATCH_BYTES, OUTPUT_BATCH_BYTES, producer
from stream.settings import Settings
from stream.stages.activity import tell_merchants
from stream.topics import ALERTS, ASSESSMENTS, ENRICHED, MERCHANT_ACTIVITY


class Loop:
    """The loop's memories and connections."""

    def __init__(self, settings: Settings, bundle: Bundle, merchants: Merchants) -> None:
        self._settings = settings
        self._bundle = bundle
        self._merchants = merchants
        self._memories: dict[bytes, bytes] = {}
        self._outputs: AIOKafkaProducer = producer(settings, OUTPUT_BATCH_BYTES)
        self._changelog: AIOKafkaProducer = producer(settings, CHANGELOG_BATCH_BYTES)
        self._consumer = AIOKafkaConsumer(
            ENRICHED,
            bootstrap_servers=settings.kafka_bootstrap,
            group_id=settings.app_id,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=settings.fetch_wait_ms,
        )

    async def run(self) -> None:
        """Run until the process is ended."""
        for client in (self._outputs, self._changelog, self._consumer):
            await client.start()
        size = self._settings.batch_max_records
        while True:
            found = await self._consumer.getmany(timeout_ms=100, max_records=size * self._settings.partitions)
            cut = [
                (tp.partition, of[at : at + size]) for tp, of in found.items() for at in range(0, len(of), size)
            ]
            changes = [await self._send(partition, records) for partition, records in cut]
            if found:
                await self._keep(changes, {tp: records[-1].offset + 1 for tp, records in found.items()})

    async def _send(
        self, partition: int, records: Sequence[ConsumerRecord]
    ) -> tuple[int, Any, dict[bytes, bytes]]:
        """Assess a batch and queue its outputs: the partition, what to wait for, and the changed memories."""
        events = [decode_event(record.value, record.headers) for record in records]
        outcome = assess(events, self._memories.get, self._bundle, partition, self._merchants)
        self._memories.update(outcome.memories)
        assessments, alerts = [], []
        for at, output in outputs(events, outcome):
            headers = passed_on(records[at].headers)
            assessments.append(Outgoing(output.key, output.assessment, headers))
            if output.alert is not None:
                alerts.append(Outgoing(output.key, output.alert, [*headers, ALERT_HEADER]))
        waiting = await send_records(self._outputs, ASSESSMENTS, partition, assessments)
        waiting += await send_records(self._outputs, ALERTS, partition, alerts)
        offsets = [record.offset for record in records]
        for target, told in tell_merchants(partition, self._settings.partitions, [(offsets, outcome)]):
            waiting += await send_records(self._outputs, MERCHANT_ACTIVITY, target, [told])
        return partition, asyncio.gather(*waiting), outcome.memories

    async def _keep(
        self, changes: Sequence[tuple[int, Any, dict[bytes, bytes]]], offsets: dict[TopicPartition, int]
    ) -> None:
        """Wait for the outputs, write the memories, then commit."""
        await asyncio.gather(*(waiting for _, waiting, _ in changes))
        deliveries = []
        for partition, _, memories in changes:
            records = (Outgoing(key, value) for key, value in memories.items())
            topic = self._settings.changelog_topic
            delivery = await send_atomically(self._changelog, topic, partition, records)
            deliveries += [] if delivery is None else [delivery]
        await asyncio.gather(*deliveries)
        await self._consumer.commit(offsets)


async def main() -> None:
    """Run until told to stop."""
    settings = Settings()
    loop = Loop(settings, load_bundle(settings.bundle), MerchantsAsTheyAre(settings))
    spare_the_collector()
    await loop.run()


if __name__ == "__main__":
    asyncio.run(main())
