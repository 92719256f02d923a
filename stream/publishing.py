"""The load generator's engine: publishes payments to the topic `transactions` and counts what arrived.

Keyed by account with murmur2, in event-time order, by an idempotent producer: a partition holds each account's
payments in their order, once. It decides nothing about the payments themselves.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from detectors.transaction import MAX_ID_BYTES, Transaction
from stream.errors import BrokerUnavailable, StreamError
from stream.headers import BACKFILL
from stream.pacing import AtRate, AtSpeed, FlatOut, Pace
from stream.topics import TRANSACTIONS

ADMIT_EVERY = 500
"""Payments between two calls of `admit`."""
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
    rate: float | None = None
    """Payments a second."""
    speed: float | None = None
    """Times real time, by the payments' own clock. Without rate and speed: flat out."""
    linger_ms: int = 5
    """How long a record may wait for others of its partition, to travel in one batch."""
    loop: bool = False
    """Repeat, whole days later each time and with new transaction ids, for as long as that lies in the past."""
    limit: int | None = None
    """End after so many payments."""
    backfill: bool = False
    """Mark every record as history, which is learned from and alerts nobody."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of the payments, so far or at the end."""

    sent: int = 0
    """Handed to the producer."""
    acknowledged: int = 0
    """Written by every replica in sync."""
    failed: int = 0
    """Given up on."""
    seconds: float = 0.0
    first_failure: str | None = None
    interrupted: bool = False
    """Ended by Ctrl-C before the last payment."""

    @property
    def per_second(self) -> float:
        """The achieved rate of acknowledged payments."""
        return self.acknowledged / self.seconds if self.seconds > 0 else 0.0


Progress = Callable[[DeliveryReport], None]
Admit = Callable[[int], bool]


def publish(
    transactions: Sequence[Transaction],
    config: PublishConfig,
    on_progress: Progress | None = None,
    admit: Admit | None = None,
) -> DeliveryReport:
    """Publish payments in event-time order (those of one moment in the given order) and wait for the answers.

    Parameters
    ----------
    on_progress:
        Hears how far it is, at most ten times a second.
    admit:
        Called with the number sent, before the first payment and after every 500. It may block to hold the
        replay back, and ends it by returning False.

    Ctrl-C ends it early: what is queued is still delivered and the report says so.

    Raises:
        BrokerUnavailable: no broker answers.
        PublishingError: the topic does not exist.
    """
    ordered = sorted(transactions, key=lambda transaction: transaction.event_time)
    run = _Run(config, _pace(config, ordered), on_progress or (lambda report: None), admit)
    run.check_topic()
    passes = repeat(ordered, datetime.now(UTC)) if config.loop else iter(ordered)
    return run.publish(islice(passes, config.limit))


def repeat(ordered: Sequence[Transaction], until: datetime) -> Iterator[Transaction]:
    """Yield the payments again and again, each pass later by whole days and with a suffix to its transaction ids.

    It ends before the first pass that would reach beyond `until`: the worker rejects payments from the future.
    """
    yield from ordered
    if not ordered:
        return
    span = ordered[-1].event_time - ordered[0].event_time
    step = timedelta(days=span.days + 1)
    number, shift = 1, step
    while ordered[-1].event_time + shift <= until:
        for transaction in ordered:
            yield _again(transaction, number, shift)
        number, shift = number + 1, shift + step


def _again(transaction: Transaction, number: int, shift: timedelta) -> Transaction:
    suffix = f"-r{number}"
    kept = transaction.transaction_id.encode()[: MAX_ID_BYTES - len(suffix)].decode(errors="ignore")
    return msgspec.structs.replace(
        transaction, transaction_id=kept + suffix, event_time=transaction.event_time + shift
    )


def _pace(config: PublishConfig, ordered: Sequence[Transaction]) -> Pace:
    if config.rate is not None:
        return AtRate(config.rate)
    if config.speed is not None and ordered:
        return AtSpeed(config.speed, ordered[0].event_time)
    return FlatOut()


@dataclass(slots=True)
class _Run:
    """One publishing under way."""

    config: PublishConfig
    pace: Pace
    on_progress: Progress
    admit: Admit | None
    producer: Producer = field(init=False)
    encoder: msgspec.json.Encoder = field(default_factory=msgspec.json.Encoder)
    report: DeliveryReport = field(default_factory=DeliveryReport)
    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    first_failure: str | None = None
    started: float = 0.0
    held: float = 0.0
    """Seconds that `admit` took: the schedule moves on by them, instead of a burst that catches up."""
    told: float = 0.0

    def __post_init__(self) -> None:
        self.producer = Producer({**self.config.client, **PRODUCER, "linger.ms": str(self.config.linger_ms)})

    def check_topic(self) -> None:
        """Raise unless a broker answers and has the topic."""
        servers = self.config.client.get("bootstrap.servers", "the configured address")
        try:
            topics = self.producer.list_topics(timeout=CONNECT_SECONDS).topics
        except KafkaException as error:
            raise BrokerUnavailable(f"no Kafka broker answers at {servers}: {error.args[0].str()}") from error
        if self.config.topic not in topics:
            raise PublishingError(
                f"topic {self.config.topic} does not exist at {servers}: run `riskstream create-topics`"
            )

    def publish(self, transactions: Iterator[Transaction]) -> DeliveryReport:
        """Send everything and wait for the answers."""
        self.started = time.monotonic()
        interrupted = False
        try:
            self._send_all(transactions)
            self._flush()
        except KeyboardInterrupt:
            interrupted = True
            self._flush()
        report = replace(self._report(), interrupted=interrupted)
        self.on_progress(report)
        return report

    def _send_all(self, transactions: Iterator[Transaction]) -> None:
        for index, transaction in enumerate(transactions):
            if index % ADMIT_EVERY == 0 and not self._admitted():
                return
            self._wait_until(self.pace.due_s(index, transaction.event_time))
            self._send(transaction)
            self.producer.poll(0)
            self._tell()

    def _admitted(self) -> bool:
        if self.admit is None:
            return True
        before = time.monotonic()
        self._flush()  # so that whoever looks at the topic's end sees everything that was sent
        go_on = self.admit(self.sent)
        self.held += time.monotonic() - before
        return go_on

    def _wait_until(self, due_s: float) -> None:
        while (left := self.started + self.held + due_s - time.monotonic()) > 0:
            time.sleep(min(left, _NAP_SECONDS))
            self.producer.poll(0)
            self._tell()

    def _send(self, transaction: Transaction) -> None:
        headers: list[tuple[str, str | bytes | None]] = [(BACKFILL, b"1")] if self.config.backfill else []
        value, key = self.encoder.encode(transaction), transaction.account_id.encode()
        while True:
            try:
                self.producer.produce(
                    self.config.topic, value, key, headers=headers, on_delivery=self._on_delivery
                )
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
