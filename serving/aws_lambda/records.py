"""What an invocation delivers: records of one shard of a Kinesis stream, in order, as plain values."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from serving.errors import EventError
from stream.kinesis.shards import shard_number


class Shard(NamedTuple):
    """Where records come from."""

    stream: str
    shard_id: str

    @property
    def number(self) -> int:
        """The number at the end of the shard's id.

        >>> Shard("payments", "shardId-000000000003").number
        3
        """
        return shard_number(self.shard_id)

    def __str__(self) -> str:
        return f"{self.stream}/{self.shard_id}"


class ShardRecord(NamedTuple):
    """One record as Kinesis holds it."""

    shard: Shard
    sequence_number: int
    """Rises within a shard, and from a shard to those that come of it."""
    data: bytes
    arrived_ms: int
    """Approximate arrival, milliseconds since 1970."""
    partition_key: str


def read_records(event: Mapping[str, Any]) -> list[ShardRecord]:
    """Return an invocation's records in order. Raises EventError for anything else than records of one shard."""
    try:
        records = [_read(each) for each in event["Records"]]
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise EventError(
            f"this is no batch of a Kinesis stream ({error!r}): let an event source mapping of the stream invoke"
            " the function"
        ) from error
    _require_order(records)
    return records


def _read(record: Mapping[str, Any]) -> ShardRecord:
    kinesis = record["kinesis"]
    return ShardRecord(
        Shard(record["eventSourceARN"].rpartition("/")[2], record["eventID"].partition(":")[0]),
        int(kinesis["sequenceNumber"]),
        base64.b64decode(kinesis["data"], validate=True),
        round(1000 * kinesis["approximateArrivalTimestamp"]),
        kinesis["partitionKey"],
    )


def _require_order(records: Sequence[ShardRecord]) -> None:
    """What follows stands on it: a later record of the shard is never applied before an earlier one."""
    for earlier, later in pairwise(records):
        if later.shard != earlier.shard or later.sequence_number <= earlier.sequence_number:
            raise EventError(
                f"records of {earlier.shard} and {later.shard} are mixed or out of order: the event source mapping"
                " has to deliver one shard at a time (no parallelisation within a shard, no tumbling window)"
            )
