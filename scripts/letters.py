"""Reads dead letters from their topic and publishes their records again; for `riskstream dead-letters`.

It joins no consumer group and reads only what the topic held when the reader was opened: a redriven record that is
rejected once more is not met twice.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import NamedTuple, Self, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from sinks.dead_letters import Cause, original_headers, read_cause
from stream.errors import BrokerUnavailable, StreamError
from stream.headers import INGESTED_AT, ORIGIN
from stream.settings import Settings
from stream.topics import ASSESSMENTS, DEAD_LETTERS, ENRICHED, LABELS, TRANSACTIONS

REDRIVEN_FROM = "redriven-from"
POLL_SECONDS = 0.1
"""confluent-kafka may block the whole of a longer timeout (its issue 2215)."""
ANSWER_SECONDS = 10.0
FLUSH_SECONDS = 60.0
_LARGEST_RECORD_BYTES = 2 * 1024 * 1024
# The guard against redelivery would skip the old origin; the old arrival would count as latency.
_DROPPED_HEADERS = {ORIGIN, INGESTED_AT, REDRIVEN_FROM}


class LetterId(NamedTuple):
    """Where a letter stands in the dead-letter topic."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{DEAD_LETTERS}-{self.partition}-{self.offset}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as it was read."""

    id: LetterId
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    cause: Cause
    time: datetime

    @property
    def source(self) -> str:
        """Where the record stood that was rejected."""
        return str(self.cause.source or "an unknown source")


class LetterReader:
    """Reads the dead-letter topic as it was when the reader was entered."""

    def __init__(self, settings: Settings) -> None:
        own: dict[str, str | Callable[[KafkaError], None]] = {
            # Demanded by the client, but nobody joins it: partitions are assigned by hand.
            "group.id": f"{settings.app_id}-dead-letters",
            "enable.auto.commit": "false",
            "enable.partition.eof": "true",
            "auto.offset.reset": "earliest",
            # Fetching single letters, each would wait for the long poll of the one before.
            "fetch.wait.max.ms": "50",
            "log_level": "0",
            "error_cb": lambda _error: None,
        }
        self._settings = settings
        self._consumer = Consumer(settings.kafka_client() | own)
        self._ranges: dict[int, tuple[int, int]] = {}

    def __enter__(self) -> Self:
        try:
            self._ranges = self._find_ranges()
        except BaseException:
            self._consumer.close()
            raise
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._consumer.close()

    @property
    def total(self) -> int:
        """How many letters there are, at most: compaction and transactions leave gaps."""
        return sum(high - low for low, high in self._ranges.values())

    def letters(self) -> Iterator[Letter]:
        """Yield every letter; those of one partition in order."""
        unread = {partition: high for partition, (low, high) in self._ranges.items() if low < high}
        self._consumer.assign([TopicPartition(DEAD_LETTERS, p, self._ranges[p][0]) for p in unread])
        while unread:
            message = self._next()
            partition, offset, ended = message.partition(), message.offset(), message.error() is not None
            if partition is None or offset is None or partition not in unread:
                continue
            if not ended and offset < unread[partition]:
                yield _letter(message)
            if ended or offset + 1 >= unread[partition]:
                del unread[partition]

    def fetch(self, wanted: LetterId) -> Letter:
        """Return one letter.

        Raises:
            StreamError: the topic does not hold it.
        """
        low, high = self._ranges.get(wanted.partition, (0, 0))
        if low <= wanted.offset < high:
            self._consumer.assign([TopicPartition(DEAD_LETTERS, *wanted)])
            message = self._next()
            if message.error() is None and message.offset() == wanted.offset:
                return _letter(message)
        holds = f"the offsets {low} to {high - 1}" if low < high else "nothing"
        raise StreamError(
            f"there is no dead letter {wanted}: partition {wanted.partition} holds {holds};"
            " see `riskstream dead-letters list`"
        )

    def _find_ranges(self) -> dict[int, tuple[int, int]]:
        timeout = min(ANSWER_SECONDS, self._settings.kafka_connect_seconds)
        try:
            topic = self._consumer.list_topics(DEAD_LETTERS, timeout=timeout).topics[DEAD_LETTERS]
            if topic.error is not None:
                raise StreamError(
                    f"topic {DEAD_LETTERS} cannot be read at {self._settings.kafka_bootstrap}"
                    f" ({topic.error.str()}): run `riskstream create-topics`"
                )
            partitions = [TopicPartition(DEAD_LETTERS, partition) for partition in topic.partitions]
            return {p.partition: self._consumer.get_watermark_offsets(p, timeout=timeout) for p in partitions}
        except KafkaException as error:
            raise BrokerUnavailable(
                f"no Kafka broker answers at {self._settings.kafka_bootstrap} ({error.args[0].str()}):"
                " start it, or set RISKSTREAM_KAFKA_BOOTSTRAP"
            ) from error

    def _next(self) -> Message:
        """Return the next record, or the message that a partition ended."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            message = self._consumer.poll(POLL_SECONDS)
            if message is None:
                continue
            error = message.error()
            if error is None or error.code() == KafkaError._PARTITION_EOF:
                return message
            if not error.retriable():
                raise StreamError(f"cannot read topic {DEAD_LETTERS}: {error.str()}; see `riskstream doctor`")
        raise BrokerUnavailable(
            f"the broker at {self._settings.kafka_bootstrap} sent nothing for {ANSWER_SECONDS:g} s:"
            " see `riskstream doctor`"
        )


class Redriver:
    """Publishes the records of letters again, and counts what became of them."""

    def __init__(self, settings: Settings, report: Callable[[str], None]) -> None:
        own: dict[str, str | int] = {
            # Acknowledged by all replicas; a retry may double a record, which the memories notice.
            "acks": "all",
            # As aiokafka and the Java clients choose partitions.
            "partitioner": "murmur2_random",
            "message.max.bytes": _LARGEST_RECORD_BYTES,
            "log_level": "0",
        }
        self._producer = Producer(settings.kafka_client() | own)
        self._report = report
        self.delivered = 0
        self.refused = 0
        self.failed = 0

    def send(self, letter: Letter) -> None:
        """Publish a letter's record, or report why not."""
        target = _target(letter.cause)
        if letter.cause.truncated:
            self._refuse(letter, f"it holds only the beginning of the record, which stood at {letter.source}")
        elif target is None:
            self._refuse(letter, f"it came from {letter.source} and is no payment")
        else:
            self._publish(target, letter)

    def finish(self) -> None:
        """Wait until every record is delivered or given up."""
        self.failed += self._producer.flush(FLUSH_SECONDS)

    def _refuse(self, letter: Letter, why: str) -> None:
        self.refused += 1
        self._report(f"refused {letter.id}: {why}")

    def _publish(self, target: str, letter: Letter) -> None:
        headers: list[tuple[str, str | bytes | None]] = [
            header for header in original_headers(letter.headers) if header[0] not in _DROPPED_HEADERS
        ]
        headers.append((REDRIVEN_FROM, str(letter.id)))
        while True:
            try:
                self._producer.produce(target, letter.value, letter.key, headers=headers, on_delivery=self._count)
            except BufferError:
                self._producer.poll(POLL_SECONDS)
            else:
                self._producer.poll(0)
                return

    def _count(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.delivered += 1
            return
        self.failed += 1
        self._report(f"not delivered to {message.topic()}: {error.str()}")


def _target(cause: Cause) -> str | None:
    """Return the topic that a record goes back to: that of payments, unless it was rejected elsewhere."""
    topic = None if cause.source is None else cause.source.topic
    if topic == ASSESSMENTS:
        return None
    return topic if topic in (LABELS, ENRICHED) else TRANSACTIONS


def _letter(message: Message) -> Letter:
    # The type of headers allows what producers may write; a consumer gives pairs of text and bytes.
    read = cast(list[tuple[str, bytes | None]], message.headers() or [])
    return Letter(
        id=LetterId(message.partition() or 0, message.offset() or 0),
        key=message.key(),
        value=message.value(),
        headers=[(name, value or b"") for name, value in read],
        cause=read_cause(read),
        time=datetime.fromtimestamp(max(message.timestamp()[1], 0) / 1000, UTC),
    )
