"""Records of a shard made into records for Kafka: payments decoded, located and keyed, the others dead letters.

The same functions as in the first stage decide what is a payment and how it is enriched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from detectors.decoding import Rejection, decode_transactions
from detectors.transaction import Transaction
from sinks.dead_letters import SourcePosition
from stream.batching.producer import Outgoing
from stream.enrichment import GeoResolver
from stream.headers import Origin
from stream.kinesis.aggregation import name_aggregated
from stream.kinesis.service import milliseconds
from stream.kinesis.shards import shard_number
from stream.partitioning import partition_of
from stream.stages.enriching import enriched_record, letter_record, locate_and_enrich
from stream.topic_ids import split_source
from stream.topics import DEAD_LETTERS, ENRICHED

Record = Mapping[str, Any]
"""As boto3 gives it: Data, SequenceNumber, PartitionKey, ApproximateArrivalTimestamp."""


class Placed(NamedTuple):
    """One record to produce, and where."""

    topic: str
    partition: int
    record: Outgoing


@dataclass(frozen=True, slots=True)
class Converted:
    """What records of a shard lead to, in their order."""

    placed: list[Placed] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    """The reason of each dead letter."""


class Converter:
    """Converts the records of one stream; `partitions` is that of the Kafka topics."""

    def __init__(self, source: str, resolver: GeoResolver, partitions: int) -> None:
        self._source = source
        self._topic = split_source(source)[0]
        self._resolver = resolver
        self._partitions = partitions

    async def convert(self, shard_id: str, records: Sequence[Record]) -> Converted:
        """Convert records of a shard, given in the order of their sequence numbers."""
        converted, shard = Converted(), shard_number(shard_id)
        arrivals = [milliseconds(record["ApproximateArrivalTimestamp"]) for record in records]
        items = _decode(records, arrivals)
        good = [item for item in items if isinstance(item, Transaction)]
        enriched = iter(await locate_and_enrich(self._resolver, good))
        for record, arrived_ms, item in zip(records, arrivals, items, strict=True):
            sequence = int(record["SequenceNumber"])
            if isinstance(item, Rejection):
                position = SourcePosition(self._topic, shard, sequence)
                letter = letter_record(record["Data"], item, position, record["PartitionKey"].encode())
                converted.placed.append(Placed(DEAD_LETTERS, shard % self._partitions, letter))
                converted.rejected.append(item.reason)
            else:
                located = next(enriched)
                made = enriched_record(located, Origin(self._source, shard, sequence), arrived_ms)
                place = partition_of(located.account_id, self._partitions)
                converted.placed.append(Placed(ENRICHED, place, made))
        return converted


def _decode(records: Sequence[Record], arrivals: Sequence[int]) -> list[Transaction | Rejection]:
    data = [record["Data"] for record in records]
    return name_aggregated(decode_transactions(data, arrivals), data)
