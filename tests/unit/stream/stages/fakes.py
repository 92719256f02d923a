"""A Faust application reduced to what the stages see of it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka.structs import ConsumerRecord

from stream.batching.batch import Batch


@dataclass(eq=False)
class FakeMessage:
    """What Faust wraps a batch in."""

    value: Batch

    @property
    def topic(self) -> str:
        return self.value.topic

    @property
    def partition(self) -> int:
        return self.value.partition


@dataclass
class FakeConsumer:
    """Writes down what becomes of each batch."""

    stale: set[int] = field(default_factory=set)
    """First offsets of batches that a rebalance took away."""
    finished: list[FakeMessage] = field(default_factory=list)
    abandoned: list[FakeMessage] = field(default_factory=list)
    released: list[FakeMessage] = field(default_factory=list)

    def is_stale(self, message: FakeMessage) -> bool:
        return message.value.first_offset in self.stale

    def finish(self, message: FakeMessage) -> None:
        self.finished.append(message)

    def abandon(self, message: FakeMessage) -> None:
        self.abandoned.append(message)

    def release(self, message: FakeMessage) -> None:
        self.released.append(message)


@dataclass
class FakeApp:
    """Only keeps what it is told."""

    consumer: FakeConsumer = field(default_factory=FakeConsumer)
    crashes: list[BaseException] = field(default_factory=list)
    revocation_hooks: list[Any] = field(default_factory=list)

    async def crash(self, reason: BaseException) -> None:
        self.crashes.append(reason)


@dataclass
class FakeStream:
    """Yields the messages it was given, then ends."""

    messages: Sequence[FakeMessage]

    def noack(self) -> "FakeStream":
        return self

    async def events(self) -> AsyncIterator[Any]:
        for message in self.messages:
            yield FakeEvent(message)


@dataclass
class FakeEvent:
    message: FakeMessage


def record(
    offset: int,
    value: bytes | None = b"{}",
    *,
    topic: str = "topic",
    partition: int = 0,
    key: bytes | None = None,
    headers: Sequence[tuple[str, bytes]] = (),
) -> ConsumerRecord[bytes, bytes]:
    """One record as aiokafka delivers it."""
    return ConsumerRecord(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp=1_780_000_000_000,
        timestamp_type=0,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=len(value or b""),
        headers=headers,
    )


def message(records: Sequence[ConsumerRecord[bytes, bytes]]) -> FakeMessage:
    """A batch of records of one partition."""
    first, last = records[0], records[-1]
    return FakeMessage(Batch(first.topic, first.partition, first.offset, last.offset + 1, records))
