"""The head of a partition: how far its memories have come. It guards them against records delivered twice."""

import msgspec

from stream.headers import Origin


class Head(msgspec.Struct, frozen=True, array_like=True):
    """Everything before `next_offset`, and up to each upstream position, is in the memories already."""

    next_offset: int = 0
    upstream: dict[str, int] = {}
    """Highest position applied, by topic and partition (or stream and shard) the records were made from."""
    bundle_version: str = ""


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
    """Walks one batch: admits each record once, and knows the head that applying them leads to."""

    def __init__(self, head: Head) -> None:
        self._next_offset = head.next_offset
        self._upstream = dict(head.upstream)
        self.skipped = 0

    def admit(self, offset: int, origin: Origin | None) -> bool:
        """Tell whether a record is new; count it as skipped if it is not."""
        if offset < self._next_offset:
            self.skipped += 1
            return False
        self._next_offset = offset + 1
        if origin is None:
            return True
        if origin.position <= self._upstream.get(origin.upstream, -1):
            self.skipped += 1
            return False
        self._upstream[origin.upstream] = origin.position
        return True

    def head(self, bundle_version: str) -> Head:
        """Return the head after the batch."""
        return Head(self._next_offset, self._upstream, bundle_version)
