"""Builds dead letters: the rejected record's own bytes, with the reason and its position in the headers.

Pure: what is built here is sent by the lane that rejected the record. Reading a letter back lives here too, so
that the names of the headers have one home.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from detectors.decoding import Rejection

REASON = "reason"
MESSAGE = "message"
FIELD = "field"
SOURCE_TOPIC = "source-topic"
SOURCE_PARTITION = "source-partition"
SOURCE_OFFSET = "source-offset"
TRACEBACK = "traceback"
TRUNCATED = "truncated"
LENGTH = "length"
SHA256 = "sha256"
ORIGINAL_PREFIX = "original-"
"""Stands before the name of each header that the rejected record itself had."""

MAX_LETTER_BYTES = 1_000_000
"""Largest letter with key and headers: under the 1 MiB that Kafka's topics take by default."""
MAX_KEY_BYTES = 64 * 1024
MAX_MESSAGE_BYTES = 2 * 1024
MAX_TRACEBACK_BYTES = 8 * 1024
MAX_ORIGINAL_HEADERS_BYTES = 16 * 1024
_RECORD_OVERHEAD, _HEADER_OVERHEAD = 200, 12  # lengths and batch header, rounded up

Headers = Sequence[tuple[str, bytes | None]]


class SourcePosition(NamedTuple):
    """Where a record stood when it was rejected."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}-{self.offset}"


class DeadLetter(NamedTuple):
    """A record for the topic `transactions.dead-letter`."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class Cause(NamedTuple):
    """What the headers of a dead letter say."""

    reason: str
    message: str
    field: str | None
    source: SourcePosition | None
    truncated: bool
    length: int | None
    """Of the whole value, in bytes, where the letter holds only its beginning."""


def internal_error(stage: str, trace: str) -> Rejection:
    """Describe a record that made a stage raise; its traceback may quote the data, so only the letter holds it.

    >>> internal_error("assess", "Traceback ...\\nValueError: account 42 ...").message[:46]
    'assess failed on this record with a ValueError'
    """
    error = (trace.strip().splitlines() or ["error"])[-1].partition(":")[0]
    message = (
        f"{stage} failed on this record with a {error}, which is a fault of the product: the header `{TRACEBACK}`"
        " tells where; redrive the record once that is mended"
    )
    return Rejection("INTERNAL_ERROR", message, traceback=trace)


def dead_letter(
    value: bytes | None,
    rejection: Rejection,
    source: SourcePosition,
    key: bytes | None = None,
    headers: Headers = (),
    limit: int = MAX_LETTER_BYTES,
) -> DeadLetter:
    """Build the letter for a rejected record; `headers` are the record's own, kept under `original-<name>`.

    A value that would push the letter over `limit` bytes is cut, and the letter then says so, with the length and
    the SHA-256 of the whole. So is a letter whose key is over 64 KiB, which is dropped.
    """
    told = _tell(rejection, source) + _keep(headers)
    room = limit - _RECORD_OVERHEAD - _size(told)
    if len(key or b"") <= MAX_KEY_BYTES and len(key or b"") + len(value or b"") <= room:
        return DeadLetter(key, value, told)
    told += _cut_marks(value or b"")
    short_key = None if key is not None and len(key) > MAX_KEY_BYTES else key
    room = limit - _RECORD_OVERHEAD - _size(told) - len(short_key or b"")
    return DeadLetter(short_key, None if value is None else value[: max(room, 0)], told)


def read_cause(headers: Headers | None) -> Cause:
    """Read a letter's headers; what is missing (a record that somebody else put there) reads as unknown."""
    found = {name: (value or b"").decode(errors="replace") for name, value in headers or ()}
    length = found.get(LENGTH, "")
    return Cause(
        reason=found.get(REASON, "UNKNOWN"),
        message=found.get(MESSAGE, ""),
        field=found.get(FIELD),
        source=_read_source(found),
        truncated=TRUNCATED in found,
        length=int(length) if length.isdecimal() else None,
    )


def original_headers(headers: Headers | None) -> list[tuple[str, bytes]]:
    """Return the headers that the rejected record had."""
    return [
        (name.removeprefix(ORIGINAL_PREFIX), value or b"")
        for name, value in headers or ()
        if name.startswith(ORIGINAL_PREFIX)
    ]


def _tell(rejection: Rejection, source: SourcePosition) -> list[tuple[str, bytes]]:
    told = [(REASON, rejection.reason.encode()), (MESSAGE, _head(rejection.message, MAX_MESSAGE_BYTES))]
    if rejection.field is not None:
        told.append((FIELD, rejection.field.encode()))
    told += [
        (SOURCE_TOPIC, source.topic.encode()),
        (SOURCE_PARTITION, str(source.partition).encode()),
        (SOURCE_OFFSET, str(source.offset).encode()),
    ]
    if rejection.traceback is not None:
        told.append((TRACEBACK, _tail(rejection.traceback, MAX_TRACEBACK_BYTES)))
    return told


def _keep(headers: Headers) -> list[tuple[str, bytes]]:
    kept = [(ORIGINAL_PREFIX + name, value or b"") for name, value in headers]
    while _size(kept) > MAX_ORIGINAL_HEADERS_BYTES:
        kept.pop()
    return kept


def _cut_marks(value: bytes) -> list[tuple[str, bytes]]:
    digest = hashlib.sha256(value).hexdigest()
    return [(TRUNCATED, b"1"), (LENGTH, str(len(value)).encode()), (SHA256, digest.encode())]


def _size(headers: Iterable[tuple[str, bytes]]) -> int:
    return sum(len(name.encode()) + len(value) + _HEADER_OVERHEAD for name, value in headers)


def _head(text: str, limit: int) -> bytes:
    return text.encode(errors="replace")[:limit].decode(errors="ignore").encode()


def _tail(text: str, limit: int) -> bytes:
    # The end of a traceback names the error and the line that raised it.
    return text.encode(errors="replace")[-limit:].decode(errors="ignore").encode()


def _read_source(found: dict[str, str]) -> SourcePosition | None:
    topic, partition, offset = (found.get(name, "") for name in (SOURCE_TOPIC, SOURCE_PARTITION, SOURCE_OFFSET))
    if not topic or not partition.isdecimal() or not offset.isdecimal():
        return None
    return SourcePosition(topic, int(partition), int(offset))
