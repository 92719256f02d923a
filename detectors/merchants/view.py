"""What the main path sees of merchants: totals of closed hours, and how far they are closed."""

from typing import Protocol

from detectors.merchants.profile import MerchantProfile


class Merchants(Protocol):
    """A read-only view of the memories of merchants."""

    @property
    def edge(self) -> int:
        """Hours since 1970 before which the totals of all partitions are in."""

    def profile(self, merchant_id: str) -> MerchantProfile | None:
        """Return the memory of a merchant; None for one without payments so far."""


class NoMerchants:
    """The view where nothing is known of any merchant."""

    edge = 0

    def profile(self, merchant_id: str) -> MerchantProfile | None:
        """Return None."""
        return None


NO_MERCHANTS = NoMerchants()
