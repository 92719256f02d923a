"""The head of a partition: how far its memories have come. It guards them against records delivered twice."""

import msgspec

from stream.headers import Origin
from stream.topic_ids import split_source


class Head(msgspec.Struct, frozen=True, array_like=True):
    """Everything before `next_offset`, and up to each upstream position, is in the memories already."""

    next_offset: int = 0
    upstream: dict[str, int] = {}
    """Highest position applied, by topic and partition (or stream and shard) the records were made from.

    A sequence number of Kinesis has some 186 bits: on the wire what exceeds 64 is decimal text.
    """
    bundle_version: str = ""
    log_id: str = ""
    """Id of the topic that `next_offset` counts in. Empty: not known, as in heads written before 0.2."""


class _Written(msgspec.Struct, frozen=True, array_like=True):
    """A head as it is written."""

    next_offset: int = 0
    upstream: dict[str, int | str] = {}
    bundle_version: str = ""
    log_id: str = ""


_LARGEST = 2**63 - 1
"""Beyond it a position is text: MessagePack has no such number."""

_decoder = msgspec.msgpack.Decoder(_Written)
_encoder = msgspec.msgpack.Encoder(order="deterministic")


def head_key(partition: int) -> bytes:
    """Return the table key of a partition's head."""
    return b"head/%d" % partition


def decode_head(data: bytes | None) -> Head:
    """Return a head; an empty one for a partition without memories."""
    if data is None:
        return Head()
    written = _decoder.decode(data)
    upstream = {name: int(position) for name, position in written.upstream.items()}
    return Head(written.next_offset, upstream, written.bundle_version, written.log_id)


def encode_head(head: Head) -> bytes:
    """Return a head's bytes, the same for the same content."""
    upstream = {
        name: position if position <= _LARGEST else str(position) for name, position in head.upstream.items()
    }
    return _encoder.encode(_Written(head.next_offset, upstream, head.bundle_version, head.log_id))


class Guard:
    """Walks one batch: admits each record once, and knows the head that applying them leads to.

    `log_id` is the id of the topic that the batch comes from; empty keeps what the head says.
    """

    def __init__(self, head: Head, log_id: str = "") -> None:
        self._next_offset = head.next_offset
        self._upstream = dict(head.upstream)
        self._log_id = log_id or head.log_id
        self.skipped = 0

    def admit(self, offset: int, origin: Origin | None) -> bool:
        """Tell whether a record is new; count it as skipped if it is not."""
        if offset < self._next_offset:
            self.skipped += 1
            return False
        self._next_offset = offset + 1
        if origin is None:
            return True
        upstream = origin.upstream
        applied = self._upstream.get(upstream)
        if applied is None:
            applied = self._take_over(origin)
        if origin.position <= applied:
            self.skipped += 1
            self._upstream[upstream] = applied
            return False
        self._upstream[upstream] = origin.position
        return True

    def _take_over(self, origin: Origin) -> int:
        """Return what was applied of a source when origins did not tell its id yet; -1 if nothing was."""
        name, topic_id = split_source(origin.source)
        return self._upstream.pop(f"{name}/{origin.partition}", -1) if topic_id else -1

    def head(self, bundle_version: str) -> Head:
        """Return the head after the batch."""
        return Head(self._next_offset, self._upstream, bundle_version, self._log_id)
