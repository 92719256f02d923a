"""Recognises a payment that a producer sends twice, and one that reuses an id for something else."""

from hashlib import blake2b
from zlib import crc32

import msgspec
from msgspec.structs import astuple

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

_encode = msgspec.msgpack.Encoder().encode
_CONTENT = slice(Transaction.__struct_fields__.index("account_id") + 1, len(Transaction.__struct_fields__))
"""What a producer says of a payment beside the two ids."""
_no_hash = blake2b(digest_size=ID_BYTES)


def mark_of(transaction: EnrichedTransaction) -> bytes:
    """What stands for a payment: the hash of its id, then that of what its producer said, enrichment left out.

    A checksum is enough for the content: who could forge one has reused an id, and is refused either way.
    """
    content = crc32(_encode(astuple(transaction)[_CONTENT])) & 0xFFFF
    identity = _no_hash.copy()  # much faster than a new one
    identity.update(transaction.transaction_id.encode())
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
