"""The load generator's engine, against the embedded broker's real protocol."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import msgspec
import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from detectors.labels import Label, labels_from_truth
from detectors.transaction import Transaction
from stream import publishing, targets
from stream.embedded.broker import EmbeddedBroker
from stream.errors import BrokerUnavailable
from stream.partitioning import partition_of
from stream.publishing import DeliveryReport, PublishConfig, PublishingError, publish

START = datetime(2026, 1, 5, tzinfo=UTC)
PARTITIONS = 4
NAMES = count()


def payment(number: int, minutes: float = 0, account: str = "a1") -> Transaction:
    return Transaction(
        transaction_id=f"t{number}",
        account_id=account,
        merchant_id="m1",
        event_time=START + timedelta(minutes=minutes),
        amount=1.0 + number,
    )


def payments(number: int) -> list[Transaction]:
    return [payment(each, minutes=each, account=f"account-{each % 17}") for each in range(number)]


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker([]) as embedded:
        yield embedded


@pytest.fixture(autouse=True)
def quick_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the half a second in which an idempotent producer asks for its id."""
    monkeypatch.setitem(publishing.PRODUCER, "enable.idempotence", "false")


@pytest.fixture
def config(broker: EmbeddedBroker) -> PublishConfig:
    """A configuration with a topic of its own."""
    topic = f"t{next(NAMES)}"
    broker.create_topic(topic, PARTITIONS)
    return PublishConfig(client={"bootstrap.servers": broker.bootstrap}, topic=topic)


def read(config: PublishConfig, number: int) -> list[Message]:
    """Return what was published to the topic of payments, in the order of its partitions."""
    consumer = Consumer({**config.client, "group.id": "test", "fetch.wait.max.ms": "10", "log_level": "0"})
    consumer.assign([TopicPartition(config.topic, partition, 0) for partition in range(PARTITIONS)])
    deadline = time.monotonic() + 10
    messages: list[Message] = []
    while len(messages) < number and time.monotonic() < deadline:
        messages += consumer.consume(number, timeout=0.05)
    consumer.close()
    assert len(messages) == number
    return messages


def ids(messages: Sequence[Message], partition: int) -> list[str]:
    mine = sorted((each.offset() or 0, each.value() or b"") for each in messages if each.partition() == partition)
    return [msgspec.json.decode(value, type=Transaction).transaction_id for _, value in mine]


def test_payments_arrive_whole_keyed_by_account_on_murmur2s_partition(
    config: PublishConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(publishing.PRODUCER, "enable.idempotence", "true")
    sent = payments(200)

    report = publish(sent, config)
    messages = read(config, 200)

    assert (report.sent, report.acknowledged, report.failed) == (200, 200, 0)
    found = [msgspec.json.decode(each.value() or b"", type=Transaction) for each in messages]
    assert sorted(found, key=lambda each: each.event_time) == sent
    for message, transaction in zip(messages, found, strict=True):
        assert message.key() == transaction.account_id.encode()
        assert message.partition() == partition_of(transaction.account_id, PARTITIONS)


def test_a_partition_holds_event_time_order_and_ties_keep_the_order_of_the_file(config: PublishConfig) -> None:
    sent = [payment(0, minutes=5), payment(1, minutes=1), payment(2, minutes=1), payment(3, minutes=0)]

    publish(sent, config)

    assert ids(read(config, 4), partition_of("a1", PARTITIONS)) == ["t3", "t1", "t2", "t0"]


def test_records_say_when_they_were_produced(config: PublishConfig) -> None:
    before = time.time_ns() // 1_000_000
    publish([payment(0)], config)
    after = time.time_ns() // 1_000_000

    (message,) = read(config, 1)

    assert before <= message.timestamp()[1] <= after
    assert not message.headers()


def test_backfill_marks_every_record(config: PublishConfig) -> None:
    publish(payments(3), replace(config, backfill=True))

    assert [dict(each.headers() or [])["backfill"] for each in read(config, 3)] == [b"1"] * 3


def test_limit_sends_the_first_by_event_time(config: PublishConfig) -> None:
    report = publish([payment(0, minutes=9), payment(1, minutes=1)], replace(config, limit=1))

    assert report.sent == 1
    assert ids(read(config, 1), partition_of("a1", PARTITIONS)) == ["t1"]


def test_a_rate_is_kept(config: PublishConfig) -> None:
    report = publish(payments(21), replace(config, rate=200))

    assert report.seconds >= 0.1


def test_a_speed_is_kept(config: PublishConfig) -> None:
    report = publish(payments(7), replace(config, speed=3600))

    assert report.seconds >= 0.1


def test_admit_is_asked_every_500_and_can_end_the_replay(config: PublishConfig) -> None:
    asked: list[int] = []

    def admit(sent: int) -> bool:
        asked.append(sent)
        return sent < 1000

    report = publish(payments(2000), config, admit=admit)

    assert asked == [0, 500, 1000]
    assert report.acknowledged == 1000


def test_time_held_back_is_not_caught_up_in_a_burst(config: PublishConfig) -> None:
    def admit(sent: int) -> bool:
        time.sleep(0.1 if sent else 0)
        return True

    report = publish(payments(700), replace(config, rate=7000), admit=admit)

    assert report.seconds >= 0.195


def test_progress_ends_with_the_report(config: PublishConfig) -> None:
    heard: list[DeliveryReport] = []

    report = publish(payments(50), config, on_progress=heard.append)

    assert heard[-1] == report
    assert report.per_second > 0


def test_ctrl_c_delivers_what_is_queued(config: PublishConfig) -> None:
    def admit(sent: int) -> bool:
        if sent:
            raise KeyboardInterrupt
        return True

    report = publish(payments(900), config, admit=admit)

    assert report.interrupted
    assert (report.sent, report.acknowledged) == (500, 500)
    assert len(read(config, 500)) == 500


def test_a_full_queue_slows_down_and_loses_nothing(config: PublishConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(publishing.PRODUCER, "queue.buffering.max.messages", "10")

    assert publish(payments(300), config).acknowledged == 300


def test_labels_go_to_their_topic_in_the_order_in_which_they_were_observed(
    config: PublishConfig, broker: EmbeddedBroker
) -> None:
    broker.create_topic(f"{config.topic}-labels", PARTITIONS)
    paid = [payment(0, account="a1"), payment(1, minutes=60 * 24, account="a2"), payment(2, account="a1")]
    labels = labels_from_truth(paid, dict.fromkeys(["t0", "t1", "t2"], True), timedelta(hours=6))
    events = replace(config, labels_topic=f"{config.topic}-labels", backfill=True)

    report = publish([*labels, *paid], events)
    messages = read(replace(config, topic=events.labels_topic), 3)

    assert report.acknowledged == 6
    found = [msgspec.json.decode(each.value() or b"", type=Label) for each in messages]
    assert sorted(found, key=lambda each: each.transaction_id) == labels
    for message, label in zip(messages, found, strict=True):
        assert message.key() == label.account_id.encode()
        assert message.partition() == partition_of(label.account_id, PARTITIONS)
        assert not message.headers()
    assert len(read(config, 3)) == 3


def test_a_missing_topic_of_labels_is_an_error_before_anything_is_sent(config: PublishConfig) -> None:
    labels = labels_from_truth([payment(0)], {"t0": True}, timedelta(0))

    with pytest.raises(PublishingError, match="topic nowhere does not exist"):
        publish([payment(0), *labels], replace(config, labels_topic="nowhere"))


def test_a_border_holds_the_replay_when_everything_before_it_has_arrived(config: PublishConfig) -> None:
    @dataclass
    class Hours:
        """Holds once an hour of event time."""

        acknowledged: list[tuple[int, int]] = field(default_factory=list)
        hour: int = 0

        def reached(self, time: datetime) -> bool:
            return time >= START + timedelta(hours=self.hour + 1)

        def hold(self, time: datetime) -> None:
            self.hour = (time - START) // timedelta(hours=1)
            self.acknowledged.append((self.hour, len(read(config, 60 * self.hour))))

    hours = Hours()

    report = publish(payments(150), config, borders=hours)

    assert hours.acknowledged == [(1, 60), (2, 120)]
    assert report.acknowledged == 150


def test_failed_deliveries_are_counted_with_the_first_cause(
    config: PublishConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(publishing.PRODUCER, "message.timeout.ms", "20")

    def stop(sent: int) -> bool:
        if sent:
            dying.close()
        return True

    with EmbeddedBroker([]) as dying:
        dying.create_topic(config.topic, PARTITIONS)
        mortal = replace(config, client={"bootstrap.servers": dying.bootstrap})
        report = publish(payments(600), mortal, admit=stop)

    assert report.sent == 600
    assert report.failed >= 100
    assert report.acknowledged + report.failed == 600
    assert report.first_failure


def test_no_broker_is_an_error_that_names_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "CONNECT_SECONDS", 0.05)

    with pytest.raises(BrokerUnavailable, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
        publish([payment(0)], PublishConfig(client={"bootstrap.servers": "127.0.0.1:1"}))


def test_a_missing_topic_is_an_error_and_is_not_created(broker: EmbeddedBroker) -> None:
    client = {"bootstrap.servers": broker.bootstrap}
    for _ in range(2):
        with pytest.raises(
            PublishingError, match=r"topic nowhere does not exist .*: run `riskstream create-topics`"
        ):
            publish([payment(0)], PublishConfig(client=client, topic="nowhere"))


def test_a_loop_publishes_until_its_limit(config: PublishConfig) -> None:
    report = publish(payments(10), replace(config, loop=True, limit=35))

    assert report.acknowledged == 35
