"""How far a shard's records are applied: the guard against a batch that Lambda delivers again."""

from collections.abc import Sequence

import msgspec

from serving.aws_lambda.records import Shard, ShardRecord


class Head(msgspec.Struct, frozen=True):
    """Records up to `sequence_number` are in the memories, and what followed from them is out."""

    sequence_number: str = "-1"
    """As text: it has 56 digits."""
    records: int = 0
    """How many records of the shard were applied: their positions in the archive."""
    edge: int = 0
    """Hours since 1970 before which no payment of the shard counts any more, for its merchant."""
    bundle_version: str = ""


_decode = msgspec.json.Decoder(Head).decode
encode_head = msgspec.json.Encoder().encode


def head_name(shard: Shard) -> str:
    """Return the key of a shard's head."""
    return f"head/{shard}"


def decode_head(data: bytes | None) -> Head:
    """Return a head; an empty one for a shard without."""
    return Head() if data is None else _decode(data)


def not_applied(head: Head, records: Sequence[ShardRecord]) -> Sequence[ShardRecord]:
    """Leave out the records that the head has passed; they stand at the beginning."""
    last = int(head.sequence_number)
    return [record for record in records if record.sequence_number > last]
