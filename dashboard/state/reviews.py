"""Which payments that were no alert are checked at random, so that recall is known from more than alerts. Pure."""

from hashlib import blake2b
from typing import Final

from dashboard.state.passing import Passing

_ALL: Final = float(1 << 64)


def is_sampled(payment: Passing, share: float) -> bool:
    """Tell whether a payment joins the queue as a random check.

    It depends on its id alone, so that every server, at any time, chooses the same ones. Backfill is none of them,
    nor is anything that somebody was or will be alerted of.
    """
    return payment.alert == "none" and not payment.backfill and falls_under(payment.transaction_id, share)


def falls_under(transaction_id: str, share: float) -> bool:
    """Tell whether an id's hash lies in the first `share` of all hashes.

    >>> falls_under("TX000001", 1.0), falls_under("TX000001", 0.0)
    (True, False)
    """
    digest = blake2b(transaction_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / _ALL < share
