"""A record of a shard becomes what the first stage makes of the same bytes."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from detectors.decoding import decode_transactions
from sinks.dead_letters import read_cause
from stream.enrichment import GeoResolver, enrich_embedded
from stream.headers import ORIGIN, Origin, parse_origin
from stream.kinesis.aggregation import AGGREGATED
from stream.kinesis.conversion import Converter
from stream.partitioning import partition_of
from stream.topics import DEAD_LETTERS, ENRICHED

SOURCE = "kinesis:payments@1767225600000"
SHARD = "shardId-000000000012"
SEQUENCE = 49590338271490256608559692538361571095921575989136588898
ARRIVED = datetime(2026, 1, 5, 10, 0, 1, 250_000, tzinfo=UTC)
PAYMENT = (
    b'{"transaction_id":"t1","account_id":"a1","merchant_id":"m1","event_time":"2026-01-05T11:00:00+01:00",'
    b'"amount":12.5,"ip_address":"81.2.69.142"}'
)


def record(data: bytes, number: int = 0) -> dict[str, object]:
    return {
        "Data": data,
        "SequenceNumber": str(SEQUENCE + number),
        "PartitionKey": "the-key",
        "ApproximateArrivalTimestamp": ARRIVED + timedelta(seconds=number),
    }


@pytest.fixture
def converter() -> Converter:
    return Converter(SOURCE, GeoResolver(), 8)


async def test_a_payment_is_enriched_keyed_and_says_where_it_came_from(converter: Converter) -> None:
    (placed,) = (await converter.convert(SHARD, [record(PAYMENT)])).placed

    enriched = enrich_embedded(decode_transactions([PAYMENT], [None]))
    assert placed.topic == ENRICHED
    assert placed.partition == partition_of("a1", 8)
    assert placed.record.key == b"a1"
    assert placed.record.value == msgspec.json.encode(enriched[0])
    assert placed.record.headers == (
        (ORIGIN, Origin(SOURCE, 12, SEQUENCE).encode()),
        ("ingested-at", b"1767607201250"),
    )
    assert parse_origin(placed.record.headers) == Origin(SOURCE, 12, SEQUENCE)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (PAYMENT[:-5], "MALFORMED_JSON"),
        (PAYMENT.replace(b"12.5", b'"12.5"'), "INVALID_FIELD"),
        (PAYMENT.replace(b"2026", b"2027"), "EVENT_TIME_IN_FUTURE"),
        (AGGREGATED + b"\x0a\x02a1", "KPL_AGGREGATED"),
    ],
)
async def test_what_is_no_payment_keeps_its_bytes_and_position(
    converter: Converter, data: bytes, reason: str
) -> None:
    converted = await converter.convert(SHARD, [record(data)])

    (placed,) = converted.placed
    cause = read_cause(placed.record.headers)
    assert (placed.topic, placed.partition) == (DEAD_LETTERS, 12 % 8)
    assert (placed.record.key, placed.record.value) == (b"the-key", data)
    assert (cause.reason, cause.source) == (reason, ("kinesis:payments", 12, SEQUENCE))
    assert converted.rejected == [reason]


async def test_good_and_bad_keep_the_order_of_the_shard(converter: Converter) -> None:
    converted = await converter.convert(SHARD, [record(PAYMENT), record(b"{", 1), record(PAYMENT, 2)])

    assert [placed.topic for placed in converted.placed] == [ENRICHED, DEAD_LETTERS, ENRICHED]
