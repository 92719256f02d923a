"""Holds a replay at the borders of merchants' hours until every worker knows what came before them.

A live stream has an hour to fold an hour. A replay that runs flat out gives its workers that time here, so that
they answer as they would have live; nothing but the replay waits.
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from uuid import uuid4

import msgspec
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

from detectors.labels import Label
from detectors.timing import Timing
from detectors.windows import whole_seconds
from stream.errors import BrokerUnavailable, StreamError
from stream.headers import ECHO_KIND, KIND
from stream.progress import Progress, mark_for, time_of
from stream.stages.echo import echo_key
from stream.topics import LABELS, MERCHANT_PROGRESS, TRANSACTIONS

PATIENCE_SECONDS = 120.0
"""How long workers may take to pass a border before the replay gives up."""
_ANSWER_SECONDS = 10.0
_POLL_SECONDS = 0.1
SILENCE_SECONDS = 10.0
"""Without news that a border waits for, the replay listens anew: consumers may stay deaf after an outage."""

_decode = msgspec.json.Decoder(Progress).decode


class SteppingError(StreamError):
    """The workers do not pass a border."""


@dataclass(slots=True)
class Waits:
    """How long the borders took, in seconds."""

    seconds: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.seconds:
            return "no hour border"
        ordered = sorted(self.seconds)
        middle, late = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
        return (
            f"{len(ordered):,} hour borders, {1000 * sum(ordered) / len(ordered):.0f} ms each"
            f" (median {1000 * middle:.0f}, 95 % {1000 * late:.0f}, longest {1000 * ordered[-1]:.0f})"
        )


class InStep:
    """Holds at each hour border; one for a replay, as a context manager.

    At a border, everything before it is in `transactions` and `labels`. If labels are among it, the stage that
    passes them on is asked first whether it has done so: a time mark must not overtake a label. Then each
    partition of `transactions` gets a time mark, which travels behind its payments and closes the hour, and the
    replay waits until every partition's worker reports that it knows all merchants up to the border.
    """

    def __init__(
        self,
        client: dict[str, str],
        labels: Sequence[Label] = (),
        timing: Timing | None = None,
        patience_s: float = PATIENCE_SECONDS,
    ) -> None:
        self.waits = Waits()
        self._client = client
        self._labels = sorted(label.observed_at for label in labels)
        self._timing = timing or Timing()
        self._patience_s = patience_s
        self._edge = 0
        self._labels_before = 0
        self._partitions = 0
        self._edges: dict[bytes, int] = {}
        self._answers: dict[bytes, bytes] = {}
        self._positions: dict[int, int] = {}
        self._failure: KafkaError | None = None
        self._producer: Producer
        self._consumer: Consumer

    def __enter__(self) -> "InStep":
        self._producer = Producer({**self._client, "enable.idempotence": "true", "linger.ms": "0"})
        self._consumer = self._connect()
        self._follow_progress()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._consumer.close()

    def _connect(self) -> Consumer:
        return Consumer(
            {
                **self._client,
                "group.id": "in-step",
                "enable.auto.commit": "false",
                "enable.partition.eof": "true",
                # The embedded broker answers only when this time is over.
                "fetch.wait.max.ms": "10",
            }
        )

    def reached(self, time: datetime) -> bool:
        """Tell whether an event of this time lies behind a border that was not held at yet."""
        return self._timing.activity_edge(whole_seconds(time)) > self._edge

    def hold(self, time: datetime) -> None:
        """Wait until all workers know what came before the border before this time.

        Raises:
            SteppingError: they did not within the patience.
        """
        started = _now()
        self._edge = self._timing.activity_edge(whole_seconds(time))
        labels = bisect_left(self._labels, time)
        if labels > self._labels_before:
            self._ask(LABELS, started)
        self._labels_before = labels
        self._mark(started)
        self.waits.seconds.append(_now() - started)

    def _ask(self, topic: str, started: float) -> None:
        """Return when a stage has passed on everything that its topic held."""
        token = uuid4().hex.encode()
        for partition in range(self._partitions):
            self._produce(topic, partition, token, ECHO_KIND)
        keys = [echo_key(topic, partition) for partition in range(self._partitions)]
        self._wait(keys, lambda key: self._answers.get(key) == token, started)

    def _mark(self, started: float) -> None:
        """Return when all workers have passed a time mark."""
        mark = mark_for(self._edge, self._timing)
        for partition in range(self._partitions):
            self._produce(TRANSACTIONS, partition, mark.value or b"", dict(mark.headers)[KIND])
        keys = [b"%d" % partition for partition in range(self._partitions)]
        self._wait(keys, lambda key: self._edges.get(key, 0) >= self._edge, started)

    def _produce(self, topic: str, partition: int, value: bytes, kind: bytes) -> None:
        self._producer.produce(
            topic, value, partition=partition, headers=[(KIND, kind)], on_delivery=self._on_delivery
        )

    def _on_delivery(self, error: KafkaError | None, _message: Message) -> None:
        self._failure = self._failure or error

    def _wait(self, keys: Sequence[bytes], is_there: Callable[[bytes], bool], started: float) -> None:
        heard, waiting = _now(), len(keys)
        while missing := [key for key in keys if not is_there(key)]:
            self._producer.poll(0)
            if self._failure is not None:
                raise BrokerUnavailable(f"a time mark was not delivered: {self._failure.str()}")
            message = self._consumer.poll(_POLL_SECONDS)
            if message is not None:
                self._take_up(message)
            elif _now() - started > self._patience_s:
                raise SteppingError(self._stuck(missing))
            if len(missing) < waiting:
                heard, waiting = _now(), len(missing)
            elif _now() - heard > SILENCE_SECONDS:
                heard = _now()
                self._listen_anew()

    def _listen_anew(self) -> None:
        """Read on with a fresh connection, from where the last one came to."""
        self._consumer.close()
        self._consumer = self._connect()
        self._consumer.assign(
            [
                TopicPartition(MERCHANT_PROGRESS, each, self._positions.get(each, OFFSET_BEGINNING))
                for each in range(self._partitions)
            ]
        )

    def _stuck(self, missing: Sequence[bytes]) -> str:
        border = time_of(self._edge, self._timing)
        names = ", ".join(key.decode() for key in missing)
        return (
            f"the workers have not passed {border:%Y-%m-%d %H:%M} UTC within {self._patience_s:g} s (missing:"
            f" partition {names}): check that workers run on all partitions (`riskstream worker`), with"
            " RISKSTREAM_MERCHANT_MEMORY not switched off, or leave out --in-step"
        )

    def _take_up(self, message: Message) -> int | None:
        """Note what a record tells; return the partition whose end this is, else None."""
        error, key, value = message.error(), message.key(), message.value()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                return message.partition()
            raise BrokerUnavailable(f"the progress of workers cannot be read: {error.str()}")
        self._positions[message.partition() or 0] = (message.offset() or 0) + 1
        if isinstance(key, bytes) and isinstance(value, bytes):
            if key.isdigit():
                self._edges[key] = _decode(value).edge
            else:
                self._answers[key] = value
        return None

    def _follow_progress(self) -> None:
        """Read what was reported so far; what comes later is read while waiting."""
        try:
            topics = self._consumer.list_topics(timeout=_ANSWER_SECONDS).topics
        except KafkaException as error:
            raise BrokerUnavailable(f"the broker does not tell its topics: {error.args[0].str()}") from error
        if MERCHANT_PROGRESS not in topics:
            raise StreamError(f"topic {MERCHANT_PROGRESS} does not exist: run `riskstream create-topics`")
        self._partitions = len(topics[MERCHANT_PROGRESS].partitions)
        unread = set(range(self._partitions))
        self._consumer.assign([TopicPartition(MERCHANT_PROGRESS, each, OFFSET_BEGINNING) for each in unread])
        deadline = _now() + _ANSWER_SECONDS
        while unread:
            message = self._consumer.poll(_POLL_SECONDS)
            if message is not None:
                unread.discard(-1 if (at := self._take_up(message)) is None else at)
            if _now() > deadline:
                raise BrokerUnavailable(f"topic {MERCHANT_PROGRESS} cannot be read to its end")


def _now() -> float:
    return time.monotonic()
