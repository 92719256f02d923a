"""Labels reach the partition of their account once each; what is no label becomes a dead letter."""

from datetime import UTC, datetime, timedelta

import msgspec

from detectors.labels import Label
from sinks.dead_letters import SourcePosition, read_cause
from stream.headers import KIND, LABEL_KIND, ORIGIN
from stream.metrics import Metrics
from stream.partitioning import partition_of
from stream.stages.labels import LabelStage
from stream.topic_ids import TopicIds
from stream.topics import DEAD_LETTERS, ENRICHED, LABELS
from tests.unit.stream.stages.fakes import FakeProducer, message, record

PARTITIONS = 4
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def label(number: int, account: str) -> Label:
    return Label(
        transaction_id=f"t{number}",
        account_id=account,
        merchant_id="m1",
        event_time=NOON,
        disposition="confirmed_fraud",
        source="analyst",
        observed_at=NOON + timedelta(days=number),
    )


async def carry(*values: bytes | None, metrics: Metrics | None = None) -> FakeProducer:
    producer = FakeProducer()
    stage = LabelStage(producer, PARTITIONS, metrics or Metrics(), TopicIds({LABELS: "q8Jn"}))
    records = [
        record(40 + number, value, topic=LABELS, partition=3, key=b"any", headers=[("case", b"7")])
        for number, value in enumerate(values)
    ]
    effects = await stage.compute(message(records).value)
    assert not producer.produced
    await effects.apply()
    return producer


async def test_labels_go_to_their_accounts_partition_in_order_and_say_where_they_came_from() -> None:
    labels = [label(number, account=f"a{number % 3}") for number in range(9)]

    producer = await carry(*map(msgspec.json.encode, labels))

    sent = producer.sent_to(ENRICHED)
    assert sorted(sent, key=lambda each: each.headers[ORIGIN]) == [
        (
            ENRICHED,
            partition_of(each.account_id, PARTITIONS),
            each.account_id.encode(),
            msgspec.json.encode(each),
            {ORIGIN: b"labels@q8Jn/3/%d" % (40 + number), KIND: LABEL_KIND},
        )
        for number, each in enumerate(labels)
    ]
    for partition in range(PARTITIONS):
        mine = [each.headers[ORIGIN] for each in sent if each.partition == partition]
        assert mine == sorted(mine)
    assert not producer.sent_to(DEAD_LETTERS)


async def test_times_are_sent_on_in_utc() -> None:
    value = msgspec.json.encode(label(7, "a1")).replace(b"2026-01-05T12:00:00Z", b"2026-01-05T13:00:00+01:00")

    (sent,) = (await carry(value)).sent_to(ENRICHED)

    assert sent.value == msgspec.json.encode(label(7, "a1"))


async def test_what_is_no_label_becomes_a_dead_letter_with_its_bytes_and_the_others_go_on() -> None:
    metrics = Metrics()

    producer = await carry(b"{", msgspec.json.encode(label(1, "a1")), None, metrics=metrics)

    assert len(producer.sent_to(ENRICHED)) == 1
    first, second = producer.sent_to(DEAD_LETTERS)
    assert (first.partition, first.key, first.value, second.value) == (3, b"any", b"{", None)
    assert read_cause(list(first.headers.items())).source == SourcePosition(LABELS, 3, 40)
    assert first.headers["original-case"] == b"7"
    rejected = metrics.registry.get_sample_value("riskstream_dead_letters_total", {"reason": "MALFORMED_JSON"})
    assert rejected == 2


async def test_a_label_from_the_future_of_its_record_is_refused() -> None:
    (letter,) = (await carry(msgspec.json.encode(label(365, "a1")))).sent_to(DEAD_LETTERS)

    assert letter.headers["reason"] == b"OBSERVED_IN_FUTURE"
