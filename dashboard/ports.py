"""What the page asks of rooms that it does not know: small protocols, implemented elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec


class Payment(msgspec.Struct, frozen=True, gc=False):
    """One assessed payment of an account, as its history shows it."""

    id: str
    """The assessment's."""
    transaction_id: str
    account_id: str
    merchant_id: str
    time: datetime
    """When it was paid, in UTC."""
    amount: float
    currency: str | None
    score: float
    level: str


class AccountHistory(Protocol):
    """Where older payments of an account can be looked up."""

    async def payments(self, account_id: str, until: datetime, limit: int) -> Sequence[Payment]:
        """Return the newest payments of an account paid by `until`, at most `limit`, in any order.

        Raises:
            RiskstreamError: they cannot be read now; the page goes on without.
        """
