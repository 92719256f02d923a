"""A replay in step: it asks about labels first, then marks the time, and goes on when all workers have passed."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from confluent_kafka import OFFSET_BEGINNING, KafkaError

import stream.stepping
from detectors.events import TimeMark
from detectors.labels import Label
from detectors.timing import Timing
from stream.errors import BrokerUnavailable, StreamError
from stream.headers import ECHO_KIND, KIND, TIME_KIND
from stream.progress import Progress
from stream.stages.echo import echo_key
from stream.stepping import InStep, SteppingError, Waits
from stream.topics import LABELS, MERCHANT_PROGRESS, TRANSACTIONS

PARTITIONS = 2
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
EDGE = Timing().activity_edge(int(NOON.timestamp()))


class FakeRecord:
    """A message as confluent-kafka gives it."""

    def __init__(
        self, partition: int, key: bytes = b"", value: bytes = b"", error: int | None = None, offset: int = 0
    ) -> None:
        self._fields = (partition, key, value, None if error is None else KafkaError(error))
        self._offset = offset

    def offset(self) -> int:
        return self._offset

    def partition(self) -> int:
        return self._fields[0]

    def key(self) -> bytes:
        return self._fields[1]

    def value(self) -> bytes:
        return self._fields[2]

    def error(self) -> KafkaError | None:
        return self._fields[3]


@dataclass
class FakeWorkers:
    """A broker, and workers that do at once what is asked of them, but for the deaf ones."""

    topics: tuple[str, ...] = (MERCHANT_PROGRESS,)
    reported: list[tuple[int, int]] = field(default_factory=list)
    """Partition and edge, from before the replay."""
    deaf: set[int] = field(default_factory=set)
    silent: bool = False
    """Whether what workers say stays with the broker until somebody listens anew."""
    log: list[tuple[int, int]] = field(default_factory=list)
    """Partition and edge of all that was reported; here, all partitions count offsets together."""
    assigned: list[dict[int, int]] = field(default_factory=list)
    """Where a consumer began to read, each time."""
    failure: KafkaError | None = None
    sent: list[tuple[str, int, bytes]] = field(default_factory=list)
    """Topic, partition and kind of what the replay produced."""
    times: list[datetime] = field(default_factory=list)
    _queue: deque[FakeRecord] = field(default_factory=deque)

    # -- as a producer

    def produce(self, topic: str, value: bytes, *, partition: int, headers: Any, on_delivery: Any) -> None:
        kind = dict(headers)[KIND]
        self.sent.append((topic, partition, kind))
        on_delivery(self.failure, None)
        if partition in self.deaf:
            return
        if kind == ECHO_KIND:
            self._queue.append(FakeRecord(partition, echo_key(topic, partition), value))
        else:
            self.times.append(msgspec.json.decode(value, type=TimeMark).time)
            self.report(partition, Timing().activity_edge(int(self.times[-1].timestamp())))

    # -- as a consumer

    def list_topics(self, timeout: float) -> Any:
        return SimpleNamespace(
            topics={name: SimpleNamespace(partitions=range(PARTITIONS)) for name in self.topics}
        )

    def assign(self, partitions: Any) -> None:
        if self.assigned:
            self.silent = False
            self._queue.clear()
            begin = {each.partition: each.offset for each in partitions}
            for offset, (partition, edge) in enumerate(self.log):
                if offset >= begin[partition]:
                    self._say(offset, partition, edge)
        self.assigned.append({each.partition: each.offset for each in partitions})
        for partition, edge in self.reported:
            self.report(partition, edge)
        self.reported = []
        for each in partitions:
            self._queue.append(FakeRecord(each.partition, error=KafkaError._PARTITION_EOF))

    def report(self, partition: int, edge: int) -> None:
        self.log.append((partition, edge))
        if not self.silent:
            self._say(len(self.log) - 1, partition, edge)

    def _say(self, offset: int, partition: int, edge: int) -> None:
        value = msgspec.json.encode(Progress(edge))
        self._queue.append(FakeRecord(partition, b"%d" % partition, value, offset=offset))

    def poll(self, timeout: float) -> FakeRecord | None:
        return self._queue.popleft() if self._queue else None

    def close(self) -> None: ...


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> FakeWorkers:
    """What the replay believes to be Kafka."""
    made = FakeWorkers()
    producer = SimpleNamespace(produce=made.produce, poll=lambda _: 0)
    monkeypatch.setattr(stream.stepping, "Producer", lambda _: producer)
    monkeypatch.setattr(stream.stepping, "Consumer", lambda _: made)
    return made


def label_at(time: datetime) -> Label:
    return Label(
        transaction_id="t", account_id="a", merchant_id="m", event_time=time - timedelta(hours=5),
        disposition="confirmed_fraud", source="chargeback", observed_at=time,
    )  # fmt: skip


def test_a_border_is_where_the_hours_before_it_close(workers: FakeWorkers) -> None:
    with InStep({}) as steps:
        assert steps.reached(NOON)
        steps.hold(NOON)
        assert not steps.reached(NOON)
        assert not steps.reached(NOON + timedelta(seconds=599))
        assert steps.reached(NOON + timedelta(seconds=600))


def test_every_partition_gets_a_mark_of_the_border_and_the_wait_is_noted(workers: FakeWorkers) -> None:
    with InStep({}) as steps:
        steps.hold(NOON)
    assert workers.sent == [(TRANSACTIONS, 0, TIME_KIND), (TRANSACTIONS, 1, TIME_KIND)]
    assert set(workers.times) == {NOON - timedelta(minutes=50)}
    assert len(steps.waits.seconds) == 1


def test_a_mark_does_not_overtake_labels(workers: FakeWorkers) -> None:
    """It is asked once for labels that went out since the last border, and not where there were none."""
    with InStep({}, [label_at(NOON - timedelta(minutes=5))]) as steps:
        steps.hold(NOON)
        assert [(topic, kind) for topic, _, kind in workers.sent] == [(LABELS, ECHO_KIND)] * 2 + [
            (TRANSACTIONS, TIME_KIND)
        ] * 2
        steps.hold(NOON + timedelta(hours=1))
    assert [(topic, kind) for topic, _, kind in workers.sent[4:]] == [(TRANSACTIONS, TIME_KIND)] * 2


def test_what_a_worker_said_last_counts(workers: FakeWorkers) -> None:
    """A partition may have gone to a worker that knows less."""
    workers.reported = [(0, EDGE + 5), (0, EDGE - 1), (1, EDGE)]
    workers.deaf = {0}
    with InStep({}, patience_s=0) as steps, pytest.raises(SteppingError, match=r"partition 0\)"):
        steps.hold(NOON)


def test_a_replay_that_hears_nothing_listens_anew_where_it_was(
    workers: FakeWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream.stepping, "SILENCE_SECONDS", -1.0)
    workers.reported = [(0, EDGE - 5), (1, EDGE - 5)]
    with InStep({}) as steps:
        workers.silent = True
        steps.hold(NOON)
    assert workers.assigned[:2] == [{0: OFFSET_BEGINNING, 1: OFFSET_BEGINNING}, {0: 1, 1: 2}]


def test_workers_that_do_not_pass_are_named_with_the_border(workers: FakeWorkers) -> None:
    workers.deaf = {1}
    with InStep({}, patience_s=0) as steps, pytest.raises(SteppingError) as caught:
        steps.hold(NOON)
    assert "have not passed 2026-01-05 11:10 UTC within 0 s (missing: partition 1)" in str(caught.value)
    assert "RISKSTREAM_MERCHANT_MEMORY" in str(caught.value)


def test_a_label_stage_that_does_not_answer_is_named(workers: FakeWorkers) -> None:
    workers.deaf = {1}
    with InStep({}, [label_at(NOON)], patience_s=0) as steps, pytest.raises(SteppingError, match="labels/1"):
        steps.hold(NOON + timedelta(hours=1))


def test_a_mark_that_is_not_delivered_ends_the_replay(workers: FakeWorkers) -> None:
    workers.failure, workers.deaf = KafkaError(KafkaError._MSG_TIMED_OUT), {0, 1}
    with InStep({}) as steps, pytest.raises(BrokerUnavailable, match="was not delivered"):
        steps.hold(NOON)


def test_a_broker_without_the_topic_is_told_apart(workers: FakeWorkers) -> None:
    workers.topics = ()
    with pytest.raises(StreamError, match="create-topics"), InStep({}):
        pass


def test_the_waits_are_told_in_milliseconds() -> None:
    assert str(Waits()) == "no hour border"
    assert str(Waits([0.010, 0.020, 0.090])) == ("3 hour borders, 40 ms each (median 20, 95 % 90, longest 90)")
