"""Recognises a payment that a producer sends twice, and one that reuses an id for something else."""

from hashlib import blake2b
from operator import attrgetter
from zlib import crc32

import msgspec

from detectors.observation import Repeat
from detectors.ring import find
from detectors.transaction import EnrichedTransaction, Transaction

REPEATS = 8
"""How many of the latest payments an account recognises."""

ID_BYTES, CONTENT_BYTES = 5, 2
"""What 8 marks mistake by chance: once in 10^11 payments (8 / 2^40) a new id looks known, and the payment is
dead-lettered; once in 10^16 (8 / 2^56) it is taken for a repeat and dropped. Of the payments that reuse an id for
something else, one in 65,536 passes for a repeat.
"""
MARK_BYTES = ID_BYTES + CONTENT_BYTES

_encoder = msgspec.msgpack.Encoder()
_content = attrgetter(*(f for f in Transaction.__struct_fields__ if f not in ("transaction_id", "account_id")))


def mark_of(transaction: EnrichedTransaction) -> bytes:
    """What stands for a payment: the hash of its id, then that of what its producer said, enrichment left out.

    A checksum is enough for the content: who could forge one has reused an id, and is refused either way.
    """
    content = crc32(_encoder.encode(_content(transaction))) & 0xFFFF
    identity = blake2b(transaction.transaction_id.encode(), digest_size=ID_BYTES)
    return identity.digest() + content.to_bytes(CONTENT_BYTES, "big")


def repeat_of(marks: bytes, mark: bytes) -> Repeat:
    """What the marks of the latest payments say about one more."""
    at = find(marks, mark[:ID_BYTES], MARK_BYTES)
    if at < 0:
        return "none"
    return "duplicate" if marks[at : at + MARK_BYTES] == mark else "conflict"


def remembered(marks: bytes, mark: bytes) -> bytes:
    """The marks with one more, the oldest dropped."""
    return (marks + mark)[-REPEATS * MARK_BYTES :]
