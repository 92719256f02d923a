"""The memories of merchants in one process, in step with the payments: what a replica is in a live system."""

from collections.abc import Sequence

from detectors.memory_keys import merchant_key
from detectors.merchants.activity import Activity, LabelChange, Payment
from detectors.merchants.ledger import Ledger
from detectors.merchants.profile import MerchantProfile, decode_profile
from detectors.timing import Timing


class LocalMerchants:
    """Hears from `sources` partitions of payments and shows what they add up to, hour by hour."""

    def __init__(self, sources: int, timing: Timing) -> None:
        self._ledger = Ledger(0, sources, timing)
        self.memories: dict[bytes, bytes] = {}
        """By key, as a changelog keeps them."""

    @property
    def edge(self) -> int:
        """Hours before this are closed."""
        return self._ledger.edge

    def profile(self, merchant_id: str) -> MerchantProfile | None:
        """Return the memory of a merchant; None for one without payments so far."""
        data = self.memories.get(merchant_key(merchant_id))
        return None if data is None else decode_profile(data)

    def tell(self, source: int, edge: int, payments: Sequence[Payment], labels: Sequence[LabelChange]) -> None:
        """Take news from a partition; positions rise within a source."""
        self._ledger.add(Activity(source, edge, tuple(payments), tuple(labels)))

    def close(self) -> None:
        """Fold the hours that all sources have closed."""
        if self._ledger.closable is not None:
            self.memories.update(self._ledger.close(self.memories.get))
