"""Time marks go on with the payments around them, in order, each to its own partition."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from detectors.transaction import Transaction
from sinks.dead_letters import read_cause
from stream.enrichment import GeoResolver
from stream.headers import KIND, ORIGIN, TIME_KIND
from stream.metrics import Metrics
from stream.partitioning import partition_of
from stream.stages.enrich import EnrichStage
from stream.topic_ids import NO_IDS, TopicIds
from stream.topics import DEAD_LETTERS, ENRICHED, TRANSACTIONS
from tests.unit.stream.stages.fakes import FakeProducer, message, record

PARTITIONS = 2
NOW = datetime.fromtimestamp(1_780_000_000, UTC)
"""The Kafka timestamp of the fakes' records."""
MARK = b'{"time":"2026-05-28T10:10:00Z"}'
HERE = next(name for name in map(str, range(99)) if partition_of(name, PARTITIONS) == 1)


def payment(number: int) -> bytes:
    return msgspec.json.encode(
        Transaction(
            transaction_id=f"t{number}",
            account_id=HERE,
            merchant_id="m",
            event_time=NOW - timedelta(days=1),
            amount=3,
        )
    )


async def carry(*values: tuple[bytes | None, bool], topics: TopicIds = NO_IDS) -> tuple[FakeProducer, Metrics]:
    """Take records of partition 1: a value each, and whether it is a time mark."""
    producer, metrics = FakeProducer(), Metrics()
    records = [
        record(7 + n, value, topic=TRANSACTIONS, partition=1, headers=[(KIND, TIME_KIND)] if is_mark else ())
        for n, (value, is_mark) in enumerate(values)
    ]
    stage = EnrichStage(producer, GeoResolver(), PARTITIONS, metrics, topics)
    await (await stage.compute(message(records).value)).apply()
    return producer, metrics


async def test_a_time_mark_keeps_its_place_between_payments() -> None:
    producer, metrics = await carry((payment(0), False), (MARK, True), (payment(1), False))
    sent = producer.sent_to(ENRICHED)
    assert [each.partition for each in sent] == [1, 1, 1]
    assert [each.headers[ORIGIN] for each in sent] == [b"transactions/1/%d" % offset for offset in (7, 8, 9)]
    assert [each.headers.get(KIND) for each in sent] == [None, TIME_KIND, None]
    assert (sent[1].key, sent[1].value) == (None, MARK)
    assert metrics.received._value.get() == 2


async def test_an_origin_names_the_topics_id_where_the_broker_gives_one() -> None:
    topics = TopicIds({TRANSACTIONS: "q8Jn0zSWTGu9y4Xr1oTtDw"})
    producer, _ = await carry((MARK, True), (payment(0), False), topics=topics)
    sent = [each.headers[ORIGIN] for each in producer.sent_to(ENRICHED)]
    assert sent == [b"transactions@q8Jn0zSWTGu9y4Xr1oTtDw/1/%d" % offset for offset in (7, 8)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (msgspec.json.encode({"time": NOW + timedelta(seconds=601)}), "EVENT_TIME_IN_FUTURE"),
        (b'{"time":"2026-05-28T10:10:00"}', "MALFORMED_JSON"),
        (b"{}", "MALFORMED_JSON"),
        (b"", "MALFORMED_JSON"),
        (None, "MALFORMED_JSON"),
    ],
)
async def test_a_time_mark_that_would_poison_every_clock_is_a_dead_letter(
    value: bytes | None, reason: str
) -> None:
    producer, _ = await carry((value, True), (payment(0), False))
    (letter,) = producer.sent_to(DEAD_LETTERS)
    assert read_cause(list(letter.headers.items())).reason == reason
    assert letter.value == value
    assert len(producer.sent_to(ENRICHED)) == 1


async def test_a_time_mark_within_the_tolerance_passes() -> None:
    producer, _ = await carry((msgspec.json.encode({"time": NOW + timedelta(seconds=600)}), True))
    assert len(producer.sent_to(ENRICHED)) == 1
