"""The load generator's engine: publishes payments and labels to their topics and counts what arrived.

Keyed by account with murmur2, in the order in which they become known, by an idempotent producer: a partition
holds each account's payments in their order, once. It decides nothing about payments and labels themselves.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeVar

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from detectors.labels import Label
from stream.errors import BrokerUnavailable, StreamError
from stream.headers import BACKFILL
from stream.pacing import AtRate, AtSpeed, FlatOut, Pace
from stream.timeline import Event, first_payments, in_order, moment, repeat
from stream.topics import LABELS, TRANSACTIONS

ADMIT_EVERY = 500
"""Records between two calls of `admit`."""
PROGRESS_SECONDS = 0.1
CONNECT_SECONDS = 10.0
_NAP_SECONDS = 0.02
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


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of the records, so far or at the end."""

    sent: int = 0
    """Handed to the producer."""
    acknowledged: int = 0
    """Written by every replica in sync."""
    failed: int = 0
    """Given up on."""
    seconds: float = 0.0
    first_failure: str | None = None
    interrupted: bool = False
    """Ended by Ctrl-C before the last record."""

    @property
    def per_second(self) -> float:
        """The achieved rate of acknowledged records."""
        return self.acknowledged / self.seconds if self.seconds > 0 else 0.0


Progress = Callable[[DeliveryReport], None]
Admit = Callable[[int], bool]
_T = TypeVar("_T")


class Borders(Protocol):
    """Moments of event time at which a replay holds until others have caught up."""

    def reached(self, time: datetime) -> bool:
        """Tell whether an event of this time lies behind a border that was not held at yet; called for each."""

    def hold(self, time: datetime) -> None:
        """Wait; everything before that event has been acknowledged."""


def publish(
    events: Iterable[Event],
    config: PublishConfig,
    on_progress: Progress | None = None,
    admit: Admit | None = None,
    borders: Borders | None = None,
) -> DeliveryReport:
    """Publish payments by event time and labels by when they were observed, and wait for the answers.

    Events of one moment are sent in the given order.

    Parameters
    ----------
    on_progress:
        Hears how far it is, at most ten times a second.
    admit:
        Called with the number sent, before the first record and after every 500. It may block to hold the
        replay back, and ends it by returning False.
    borders:
        Where to hold on the way, for as long as it takes.

    Ctrl-C ends it early: what is queued is still delivered and the report says so.

    Raises:
        BrokerUnavailable: no broker answers.
        PublishingError: a topic does not exist.
    """
    ordered = in_order(events)
    run = _Run(config, _pace(config, ordered), on_progress or (lambda report: None), admit, borders)
    run.check_topics({run.topic_of(event) for event in ordered} or {config.topic})
    passes = repeat(ordered, datetime.now(UTC)) if config.loop else iter(ordered)
    return run.publish(first_payments(passes, config.limit))


def _pace(config: PublishConfig, ordered: Sequence[Event]) -> Pace:
    if config.rate is not None:
        return AtRate(config.rate)
    if config.speed is not None and ordered:
        return AtSpeed(config.speed, moment(ordered[0]))
    return FlatOut()


@dataclass(slots=True)
class _Run:
    """One publishing under way."""

    config: PublishConfig
    pace: Pace
    on_progress: Progress
    admit: Admit | None
    borders: Borders | None
    producer: Producer = field(init=False)
    encoder: msgspec.json.Encoder = field(default_factory=msgspec.json.Encoder)
    report: DeliveryReport = field(default_factory=DeliveryReport)
    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    first_failure: str | None = None
    started: float = 0.0
    held: float = 0.0
    """Seconds that `admit` and `borders` took: the schedule moves on by them, without a burst that catches up."""
    told: float = 0.0

    def __post_init__(self) -> None:
        self.producer = Producer({**self.config.client, **PRODUCER, "linger.ms": str(self.config.linger_ms)})

    def topic_of(self, event: Event) -> str:
        """Return where an event goes."""
        return self.config.labels_topic if isinstance(event, Label) else self.config.topic

    def check_topics(self, needed: Iterable[str]) -> None:
        """Raise unless a broker answers and has the topics."""
        servers = self.config.client.get("bootstrap.servers", "the configured address")
        try:
            topics = self.producer.list_topics(timeout=CONNECT_SECONDS).topics
        except KafkaException as error:
            raise BrokerUnavailable(f"no Kafka broker answers at {servers}: {error.args[0].str()}") from error
        for topic in sorted(needed):
            if topic not in topics:
                raise PublishingError(f"topic {topic} does not exist at {servers}: run `riskstream create-topics`")

    def publish(self, events: Iterator[Event]) -> DeliveryReport:
        """Send everything and wait for the answers."""
        self.started = time.monotonic()
        interrupted = False
        try:
            self._send_all(events)
            self._flush()
        except KeyboardInterrupt:
            interrupted = True
            self._flush()
        report = replace(self._report(), interrupted=interrupted)
        self.on_progress(report)
        return report

    def _send_all(self, events: Iterator[Event]) -> None:
        payments = 0
        for event in events:
            time_of_event = moment(event)
            if self.sent % ADMIT_EVERY == 0 and not self._admitted():
                return
            if self.borders is not None and self.borders.reached(time_of_event):
                self._hold(partial(self.borders.hold, time_of_event))
            self._wait_until(self.pace.due_s(payments, time_of_event))
            self._send(event)
            payments += not isinstance(event, Label)
            self.producer.poll(0)
            self._tell()

    def _admitted(self) -> bool:
        return self.admit is None or self._hold(partial(self.admit, self.sent))

    def _hold(self, wait: Callable[[], _T]) -> _T:
        before = time.monotonic()
        self._flush()  # so that whoever looks at the topic's end sees everything that was sent
        result = wait()
        self.held += time.monotonic() - before
        return result

    def _wait_until(self, due_s: float) -> None:
        while (left := self.started + self.held + due_s - time.monotonic()) > 0:
            time.sleep(min(left, _NAP_SECONDS))
            self.producer.poll(0)
            self._tell()

    def _send(self, event: Event) -> None:
        topic, value, key = self.topic_of(event), self.encoder.encode(event), event.account_id.encode()
        history = self.config.backfill and topic == self.config.topic
        headers: list[tuple[str, str | bytes | None]] = [(BACKFILL, b"1")] if history else []
        while True:
            try:
                self.producer.produce(topic, value, key, headers=headers, on_delivery=self._on_delivery)
            except BufferError:
                # The queue is full: the broker sets the pace for a moment.
                time.sleep(_NAP_SECONDS / 10)
                self.producer.poll(0)
                self._tell()
            else:
                self.sent += 1
                return

    def _flush(self) -> None:
        while self.producer.flush(_FLUSH_SECONDS):
            self._tell()

    def _on_delivery(self, error: KafkaError | None, _message: Message) -> None:
        if error is None:
            self.acknowledged += 1
            return
        self.failed += 1
        self.first_failure = self.first_failure or error.str()

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self.told >= PROGRESS_SECONDS:
            self.told = now
            self.on_progress(self._report())

    def _report(self) -> DeliveryReport:
        return DeliveryReport(
            sent=self.sent,
            acknowledged=self.acknowledged,
            failed=self.failed,
            seconds=time.monotonic() - self.started,
            first_failure=self.first_failure,
        )
