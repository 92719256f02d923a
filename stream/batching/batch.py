"""The batch itself, what stages acknowledge of it, and the shapes Faust sees it in: a record and a schema."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import faust
from aiokafka.structs import ConsumerRecord
from faust.types import TP


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


@dataclass(eq=False, slots=True, weakref_slot=True)
class BatchMessage:
    """A batch on its way through a stage, which acknowledges it or gives it back; Faust looks at some of it."""

    value: Batch
    generation_id: int
    """Of the assignment under which it was delivered."""
    acked: bool = False
    """Whether the stage is done with it, one way or the other."""
    refcount: int = 1
    """For Faust's log."""

    @property
    def tp(self) -> TP:
        """The partition it comes from."""
        return TP(self.value.topic, self.value.partition)

    @property
    def topic(self) -> str:
        """The topic it comes from."""
        return self.value.topic

    @property
    def partition(self) -> int:
        """The number of its partition."""
        return self.value.partition


class BatchesRecord:
    """Batches of one topic in the shape of one `aiokafka.ConsumerRecord`, at the end of the first of them."""

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

    def __init__(self, batches: Sequence[Batch]) -> None:
        last = batches[0].records[-1]
        self.topic = last.topic
        self.partition = last.partition
        self.offset = last.offset
        self.timestamp = last.timestamp
        self.timestamp_type = last.timestamp_type
        self.key = None
        self.value = batches
        self.headers = ()
        self.checksum = None
        self.serialized_key_size = 0
        self.serialized_value_size = sum(map(len, batches))


class BatchSchema(faust.Schema):
    """Leaves batches as they are: decoding is the stage's business."""

    def loads_key(self, app: Any, message: Any, **kwargs: Any) -> None:
        """Return None: batches have many keys."""

    def loads_value(self, app: Any, message: Any, **kwargs: Any) -> Sequence[Batch]:
        """Return the batches untouched."""
        batches: Sequence[Batch] = message.value
        return batches
