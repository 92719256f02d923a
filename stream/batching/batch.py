"""The batch itself, and the two shapes Faust wants to see it in: a consumer record and a schema."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import faust
from aiokafka.structs import ConsumerRecord


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one partition, and the offset range that finishing them commits."""

    topic: str
    partition: int
    first_offset: int
    """Where the batch before this one ended: at most the first record's offset."""
    end_offset: int
    """One past the last record."""
    records: Sequence[ConsumerRecord]

    def __len__(self) -> int:
        return len(self.records)


class BatchRecord:
    """A batch in the shape of one `aiokafka.ConsumerRecord`, at the offset of its last record."""

    __slots__ = (
        "checksum",
        "headers",
        "key",
        "offset",
        "partition",
        "serialized_key_size",
        "serialized_value_size",
        "timestamp",
        "timestamp_type",
        "topic",
        "value",
    )

    def __init__(self, batch: Batch) -> None:
        last = batch.records[-1]
        self.topic = batch.topic
        self.partition = batch.partition
        self.offset = last.offset
        self.timestamp = last.timestamp
        self.timestamp_type = last.timestamp_type
        self.key = None
        self.value = batch
        self.headers = ()
        self.checksum = None
        self.serialized_key_size = 0
        self.serialized_value_size = len(batch.records)


class BatchSchema(faust.Schema):
    """Leaves the batch as it is: decoding is the stage's business."""

    def loads_key(self, app: Any, message: Any, **kwargs: Any) -> None:
        """Return None: a batch has many keys."""

    def loads_value(self, app: Any, message: Any, **kwargs: Any) -> Batch:
        """Return the batch untouched."""
        batch: Batch = message.value
        return batch
