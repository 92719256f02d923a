"""Recognises a payment that a producer sends twice, and one that reuses an id for something else."""

from hashlib import blake2b
from operator import attrgetter

import msgspec

from detectors.observation import Repeat
from detectors.ring import find
from detectors.transaction import EnrichedTransaction, Transaction

REPEATS = 16
"""How many of the latest payments an account recognises."""

ID_BYTES, CONTENT_BYTES = 8, 4
MARK_BYTES = ID_BYTES + CONTENT_BYTES

_encoder = msgspec.msgpack.Encoder()
_content = attrgetter(*(f for f in Transaction.__struct_fields__ if f not in ("transaction_id", "account_id")))


def mark_of(transaction: EnrichedTransaction) -> bytes:
    """8 bytes that stand for a payment's id and 4 for what its producer said, enrichment left out."""
    content = _encoder.encode(_content(transaction))
    return (
        blake2b(transaction.transaction_id.encode(), digest_size=ID_BYTES).digest()
        + blake2b(content, digest_size=CONTENT_BYTES).digest()
    )


def repeat_of(marks: bytes, mark: bytes) -> Repeat:
    """What the marks of the latest payments say about one more."""
    at = find(marks, mark[:ID_BYTES], MARK_BYTES)
    if at < 0:
        return "none"
    return "duplicate" if marks[at : at + MARK_BYTES] == mark else "conflict"


def remembered(marks: bytes, mark: bytes) -> bytes:
    """The marks with one more, the oldest dropped."""
    return (marks + mark)[-REPEATS * MARK_BYTES :]
