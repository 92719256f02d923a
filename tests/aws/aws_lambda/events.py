"""Kinesis events as Lambda delivers them, made of simulated payments."""

import base64
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from detectors.transaction import Transaction

FIRST_SEQUENCE = 49590338271490256608559692538361571095921575989136588898
"""As long as real ones are."""
ARRIVED = round(time.time())

_encode = msgspec.json.Encoder().encode


def event_record(stream: str, place: int, data: bytes, key: str, shard: int = 0) -> dict[str, Any]:
    """The record at a place of a shard, with a sequence number that rises."""
    sequence = str(FIRST_SEQUENCE + 7 * place)
    shard_id = f"shardId-{shard:012d}"
    return {
        "eventID": f"{shard_id}:{sequence}",
        "eventSource": "aws:kinesis",
        "eventSourceARN": f"arn:aws:kinesis:us-east-1:123456789012:stream/{stream}",
        "eventName": "aws:kinesis:record",
        "eventVersion": "1.0",
        "awsRegion": "us-east-1",
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": key,
            "sequenceNumber": sequence,
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": ARRIVED + place / 1000,
        },
    }


def records_of(
    stream: str, payments: Sequence[Transaction], bad: Mapping[int, bytes] = MappingProxyType({}), shard: int = 0
) -> list[dict[str, Any]]:
    """Payments as a shard holds them, with `bad` records before the payments at these places."""
    records: list[tuple[bytes, str]] = []
    for place, payment in enumerate(payments):
        if place in bad:
            records.append((bad[place], "bad"))
        records.append((_encode(payment), payment.account_id))
    return [event_record(stream, place, data, key, shard) for place, (data, key) in enumerate(records)]


def batches(records: Sequence[dict[str, Any]], seed: int = 5) -> Iterator[dict[str, Any]]:
    """Events of 100 to 500 records."""
    size = random.Random(seed)
    start = 0
    while start < len(records):
        end = start + size.randint(100, 500)
        yield {"Records": list(records[start:end])}
        start = end
