"""A Faust application reduced to what the stages see of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple

from aiokafka.structs import ConsumerRecord

from stream.batching.batch import Batch, BatchMessage


@dataclass
class FakeConsumer:
    """Writes down what becomes of each batch."""

    stale: set[int] = field(default_factory=set)
    """First offsets of batches that a rebalance took away."""
    finished: list[BatchMessage] = field(default_factory=list)
    abandoned: list[BatchMessage] = field(default_factory=list)
    released: list[BatchMessage] = field(default_factory=list)

    def is_stale(self, message: BatchMessage) -> bool:
        return message.value.first_offset in self.stale

    def finish(self, message: BatchMessage) -> None:
        self.finished.append(message)

    def abandon(self, message: BatchMessage) -> None:
        self.abandoned.append(message)

    def unpack(self, message: BatchMessage | list[BatchMessage]) -> list[BatchMessage]:
        """One comes alone, those of a list come in one event."""
        return message if isinstance(message, list) else [message]

    def release(self, message: BatchMessage) -> None:
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
    """Yields the messages it was given, then ends; where `stays_open`, it waits for more that never come."""

    messages: Sequence[BatchMessage | list[BatchMessage]]
    stays_open: bool = False

    def noack(self) -> "FakeStream":
        return self

    async def events(self) -> AsyncIterator[Any]:
        for message in self.messages:
            yield FakeEvent(message)
        if self.stays_open:
            await asyncio.Event().wait()


@dataclass
class FakeEvent:
    message: BatchMessage | list[BatchMessage]


@dataclass
class FakeTable:
    """Local memories and, apart from them, what was written to the changelog."""

    local: dict[bytes, bytes] = field(default_factory=dict)
    written: list[dict[bytes, bytes]] = field(default_factory=list)

    def reader(self, partition: int, expected: Iterable[bytes] = ()) -> Callable[[bytes], bytes | None]:
        return self.local.get

    def apply(self, partition: int, changes: Mapping[bytes, bytes]) -> None:
        self.local.update(changes)

    async def persist(self, producer: Any, partition: int, changes: Mapping[bytes, bytes]) -> None:
        self.written.append(dict(changes))

    @property
    def changelog(self) -> dict[bytes, bytes]:
        """The newest value of each key that was written."""
        return {key: value for changes in self.written for key, value in changes.items()}


class Produced(NamedTuple):
    """A record that was sent."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


class FakeBatchBuilder:
    """A record batch that takes up to `room` bytes of values."""

    def __init__(self, room: int) -> None:
        self.records: list[tuple[bytes | None, bytes | None, dict[str, bytes]]] = []
        self._room = room

    def append(
        self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> object | None:
        self._room -= len(value or b"")
        if self._room < 0 and self.records:
            return None
        self.records.append((key, value, dict(headers)))
        return object()

    def record_count(self) -> int:
        return len(self.records)

    def close(self) -> None:
        """Nothing to do."""


class FakeProducer:
    """Keeps what is sent and confirms it at once."""

    def __init__(self, room: int = 1_000_000) -> None:
        self.produced: list[Produced] = []
        self.batches = 0
        self._room = room

    def create_batch(self) -> FakeBatchBuilder:
        return FakeBatchBuilder(self._room)

    async def send_batch(self, builder: FakeBatchBuilder, topic: str, *, partition: int) -> asyncio.Future[Any]:
        self.batches += 1
        first = len(self.produced)
        self.produced += [Produced(topic, partition, *each) for each in builder.records]
        delivery: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        delivery.set_result(SimpleNamespace(offset=first))
        return delivery

    def sent_to(self, topic: str) -> list[Produced]:
        return [each for each in self.produced if each.topic == topic]


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


def message(records: Sequence[ConsumerRecord[bytes, bytes]]) -> BatchMessage:
    """A batch of records of one partition."""
    first, last = records[0], records[-1]
    return BatchMessage(
        Batch(first.topic, first.partition, first.offset, last.offset + 1, records), generation_id=0
    )
