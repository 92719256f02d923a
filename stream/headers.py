"""The record headers that travel beside a value: where it came from, and what varies from run to run."""

from collections.abc import Sequence
from typing import NamedTuple

ORIGIN = "origin"
INGESTED_AT = "ingested-at"
BACKFILL = "backfill"
EXPLAINED_MS = "explained-ms"
"""Milliseconds that a process spent on an explanation."""
KIND = "kind"
"""What a record is, where it is no payment."""
LABEL_KIND = b"label"
TIME_KIND = b"time"
"""A time mark: no payment before its time comes any more."""
ECHO_KIND = b"echo"
"""A question: the stage answers once everything before it has reached the next topic."""


class Origin(NamedTuple):
    """The record that another was made from: its topic (or Kinesis stream and shard), partition and position.

    The source of a Kafka topic is its name and its id, so that a topic made anew is another source. A Kinesis
    stream is `kinesis:<name>@<when it was made>`, a shard's number its partition, a sequence number its position.
    """

    source: str
    partition: int
    position: int

    def encode(self) -> bytes:
        """Return the header's bytes.

        >>> Origin("transactions@q8Jn0zSWTGu9y4Xr1oTtDw", 3, 1042).encode()
        b'transactions@q8Jn0zSWTGu9y4Xr1oTtDw/3/1042'
        """
        return f"{self.source}/{self.partition}/{self.position}".encode()

    @property
    def upstream(self) -> str:
        """What positions are ordered within."""
        return f"{self.source}/{self.partition}"


def split_upstream(upstream: str) -> tuple[str, int]:
    """Return source and partition of what `Origin.upstream` gives.

    >>> split_upstream("transactions@q8Jn0zSWTGu9y4Xr1oTtDw/3")
    ('transactions@q8Jn0zSWTGu9y4Xr1oTtDw', 3)
    """
    source, _, partition = upstream.rpartition("/")
    return source, int(partition)


def find(headers: Sequence[tuple[str, bytes]], name: str) -> bytes | None:
    """Return the first header of a name."""
    for key, value in headers:
        if key == name:
            return value
    return None


def parse_origin(headers: Sequence[tuple[str, bytes]]) -> Origin | None:
    """Return a record's origin; None for a record that this product did not make."""
    raw = find(headers, ORIGIN)
    if raw is None:
        return None
    source, partition, position = raw.decode().rsplit("/", 2)
    return Origin(source, int(partition), int(position))
