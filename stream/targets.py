"""Where the load generator's payments and labels go: the protocol of a target, and the topics of Kafka.

Keyed by account with murmur2, by an idempotent producer: a partition holds each account's payments in the order in
which they are sent, once.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from detectors.labels import Label
from stream.errors import BrokerUnavailable, StreamError
from stream.headers import BACKFILL
from stream.timeline import Event
from stream.topics import LABELS, TRANSACTIONS

CONNECT_SECONDS = 10.0
_FULL_SECONDS = 0.002
_FLUSH_SECONDS = 0.1  # Longer waits may block their whole length (confluent-kafka-python issue 2215).

PRODUCER: dict[str, str] = {
    "partitioner": "murmur2_random",
    "enable.idempotence": "true",
    "message.timeout.ms": "120000",
    "queue.buffering.max.messages": "100000",
    "log_level": "0",
}
"""librdkafka properties of the producer; partitioned as Java, aiokafka and `stream.partitioning` do."""


class PublishingError(StreamError):
    """Publishing cannot begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishConfig:
    """How to publish."""

    client: Mapping[str, str]
    """librdkafka properties: brokers and security."""
    topic: str = TRANSACTIONS
    labels_topic: str = LABELS
    rate: float | None = None
    """Payments a second."""
    speed: float | None = None
    """Times real time, by the payments' own clock. Without rate and speed: flat out."""
    linger_ms: int = 5
    """How long a record may wait for others of its partition, to travel in one batch."""
    loop: bool = False
    """Repeat, whole days later each time and with new transaction ids, for as long as that lies in the past."""
    limit: int | None = None
    """End after so many payments; labels that become known before the next one are sent."""
    backfill: bool = False
    """Mark every payment as history, which is learned from and alerts nobody."""


class Target(Protocol):
    """Where payments go: each account's in the order in which they are sent."""

    @property
    def acknowledged(self) -> int:
        """How many records have arrived."""

    @property
    def failed(self) -> int:
        """How many were given up."""

    @property
    def first_failure(self) -> str | None:
        """Why the first one was."""

    def open(self, needed: Iterable[Event]) -> None:
        """Raise unless events such as these can be sent."""

    def send(self, event: Event, wait: Callable[[], None]) -> None:
        """Take one event; `wait` passes a moment where the other side sets the pace."""

    def poll(self) -> None:
        """Take in answers, and send on what has waited long enough; called often."""

    def flush(self, wait: Callable[[], None]) -> None:
        """Return when every event has arrived or was given up."""


class KafkaTarget:
    """The topics of payments and labels."""

    def __init__(self, config: PublishConfig) -> None:
        self._config = config
        self._producer = Producer({**config.client, **PRODUCER, "linger.ms": str(config.linger_ms)})
        self._encode = msgspec.json.Encoder().encode
        self.acknowledged = 0
        self.failed = 0
        self.first_failure: str | None = None

    def open(self, needed: Iterable[Event]) -> None:
        """Raise unless a broker answers and has the topics."""
        servers = self._config.client.get("bootstrap.servers", "the configured address")
        try:
            topics = self._producer.list_topics(timeout=CONNECT_SECONDS).topics
        except KafkaException as error:
            raise BrokerUnavailable(f"no Kafka broker answers at {servers}: {error.args[0].str()}") from error
        for topic in sorted({self._topic_of(event) for event in needed} or {self._config.topic}):
            if topic not in topics:
                raise PublishingError(f"topic {topic} does not exist at {servers}: run `riskstream create-topics`")

    def send(self, event: Event, wait: Callable[[], None]) -> None:
        """Hand an event to the producer."""
        topic, value, key = self._topic_of(event), self._encode(event), event.account_id.encode()
        history = self._config.backfill and topic == self._config.topic
        headers: list[tuple[str, str | bytes | None]] = [(BACKFILL, b"1")] if history else []
        while True:
            try:
                self._producer.produce(topic, value, key, headers=headers, on_delivery=self._on_delivery)
            except BufferError:
                # The queue is full: the broker sets the pace for a moment.
                time.sleep(_FULL_SECONDS)
                self.poll()
                wait()
            else:
                return

    def poll(self) -> None:
        """Take in acknowledgements."""
        self._producer.poll(0)

    def flush(self, wait: Callable[[], None]) -> None:
        """Return when the producer is done with everything."""
        while self._producer.flush(_FLUSH_SECONDS):
            wait()

    def _topic_of(self, event: Event) -> str:
        return self._config.labels_topic if isinstance(event, Label) else self._config.topic

    def _on_delivery(self, error: KafkaError | None, _message: Message) -> None:
        if error is None:
            self.acknowledged += 1
            return
        self.failed += 1
        self.first_failure = self.first_failure or error.str()
