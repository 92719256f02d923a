"""Many records of one partition, produced as record batches of our own cutting.

The stock path costs a coroutine and a future per record; here it is one future per record batch.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

Headers = Sequence[tuple[str, bytes]]


class Outgoing(NamedTuple):
    """One record to produce."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class ChangelogWriter(Protocol):
    """Writes the changed memories of a batch: step 3 of the order of effects."""

    async def append(self, topic: str, partition: int, records: Iterable[Outgoing]) -> int | None:
        """Append records, all or nothing; return the offset of the last once the broker has them, None if none."""


class RecordTooLarge(ValueError):
    """A single record exceeds the producer's largest batch."""


async def send_records(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Iterable[Outgoing]
) -> list[asyncio.Future[RecordMetadata]]:
    """Queue records in order and return one delivery future per record batch; await them all before going on."""
    deliveries: list[asyncio.Future[RecordMetadata]] = []
    builder = producer.create_batch()
    filled = 0
    for record in records:
        if not _append(builder, record):
            deliveries.append(await _send(producer, builder, topic, partition))
            builder = producer.create_batch()
            if not _append(builder, record):
                raise RecordTooLarge(f"a record of {len(record.value or b'')} bytes does not fit {topic}")
            filled = 0
        filled += 1
    if filled:
        deliveries.append(await _send(producer, builder, topic, partition))
    return deliveries


async def send_atomically(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Iterable[Outgoing]
) -> asyncio.Future[RecordMetadata] | None:
    """Queue records as one record batch, which the broker appends whole or not at all.

    Raises:
        RecordTooLarge: they do not fit one batch; the caller cuts its work in two.
    """
    builder = producer.create_batch()
    for record in records:
        if not _append(builder, record):
            raise RecordTooLarge(f"the records for {topic} do not fit one batch")
    if not builder.record_count():
        return None
    return await _send(producer, builder, topic, partition)


def _append(builder: object, record: Outgoing) -> bool:
    append = builder.append  # type: ignore[attr-defined]
    return append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers)) is not None


async def _send(
    producer: AIOKafkaProducer, builder: object, topic: str, partition: int
) -> asyncio.Future[RecordMetadata]:
    builder.close()  # type: ignore[attr-defined]
    delivery: asyncio.Future[RecordMetadata] = await producer.send_batch(builder, topic, partition=partition)
    return delivery
