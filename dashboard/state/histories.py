"""The newest payments, by account: what an account did lately, and which payments were seen before. Pure."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final

from dashboard.ports import Payment

MOST_PAYMENTS: Final = 50_000


class Histories:
    """Holds the newest payments of all accounts together, up to a bound."""

    def __init__(self, most: int = MOST_PAYMENTS) -> None:
        self._most = most
        self._payments: OrderedDict[str, Payment] = OrderedDict()
        self._accounts: dict[str, deque[str]] = {}

    def __contains__(self, id_: object) -> bool:
        return id_ in self._payments

    def __len__(self) -> int:
        return len(self._payments)

    def add(self, payment: Payment) -> None:
        """Take a payment in, and forget the oldest if there are too many. One that is held changes nothing."""
        if payment.id in self._payments:
            return
        self._payments[payment.id] = payment
        self._accounts.setdefault(payment.account_id, deque()).append(payment.id)
        if len(self._payments) > self._most:
            _, oldest = self._payments.popitem(last=False)
            ids = self._accounts[oldest.account_id]
            ids.popleft()
            if not ids:
                del self._accounts[oldest.account_id]

    def of(self, account_id: str) -> Sequence[Payment]:
        """Return the payments of an account that are held, in the order in which they came."""
        return [self._payments[id_] for id_ in self._accounts.get(account_id, ())]
