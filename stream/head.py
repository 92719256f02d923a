"""The head of a partition: how far its memories have come. It guards them against records delivered twice."""

import msgspec

from stream.headers import Origin
from stream.topic_ids import split_source


class Head(msgspec.Struct, frozen=True, array_like=True):
    """Everything before `next_offset`, and up to each upstream position, is in the memories already."""

    next_offset: int = 0
    upstream: dict[str, int] = {}
    """Highest position applied, by topic and partition (or stream and shard) the records were made from."""
    bundle_version: str = ""
    log_id: str = ""
    """Id of the topic that `next_offset` counts in. Empty: not known, as in heads written before 0.2."""


_decoder = msgspec.msgpack.Decoder(Head)
_encoder = msgspec.msgpack.Encoder(order="deterministic")


def head_key(partition: int) -> bytes:
    """Return the table key of a partition's head."""
    return b"head/%d" % partition


def decode_head(data: bytes | None) -> Head:
    """Return a head; an empty one for a partition without memories."""
    return Head() if data is None else _decoder.decode(data)


def encode_head(head: Head) -> bytes:
    """Return a head's bytes, the same for the same content."""
    return _encoder.encode(head)


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
