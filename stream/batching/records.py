"""Records as the batch path holds them: cheaper to make than aiokafka's own, and nothing to Python's collector.

It leans on private names of aiokafka (checked in tests/unit/stream/batching).
"""

from collections import OrderedDict
from collections.abc import Container
from typing import Any

import msgspec


class Record(msgspec.Struct, frozen=True, gc=False):
    """What the stages read of an `aiokafka.ConsumerRecord`, under the same names."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Milliseconds since the epoch."""
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def light_record(tp: Any, record: Any) -> Record:
    """Make a record from what aiokafka has unpacked."""
    return Record(
        tp.topic,
        tp.partition,
        record.offset,
        record.timestamp,
        record.timestamp_type,
        record.key,
        record.value,
        tuple(record.headers),
    )


class FetchedRecords(OrderedDict[Any, Any]):
    """What an aiokafka fetcher has fetched, by partition; for some topics it is unpacked into `Record`."""

    def __init__(self, topics: Container[str]) -> None:
        super().__init__()
        self._topics = topics

    def __setitem__(self, tp: Any, result: Any) -> None:
        records = getattr(result, "_partition_records", None)
        if records is not None and tp.topic in self._topics:
            records._consumer_record = light_record
        super().__setitem__(tp, result)
