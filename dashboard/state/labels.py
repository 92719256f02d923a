"""What came out about payments: of several labels of one payment the one observed last holds. Pure."""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import Final

from detectors.labels import Disposition, Label

MOST_LABELS: Final = 500_000
"""Payments whose labels are held; beyond, those are dropped whose label has not changed for longest."""


class LabelBook:
    """The newest label of each payment, whoever sent it."""

    def __init__(self, most: int = MOST_LABELS) -> None:
        self._most = most
        self._labels: OrderedDict[str, Label] = OrderedDict()
        self._frauds: Counter[str] = Counter()

    def fold(self, labels: Sequence[Label]) -> set[str]:
        """Take labels in, and return the transaction ids about which something else is known now."""
        return {label.transaction_id for label in labels if self._take(label)}

    def of(self, transaction_id: str) -> Label | None:
        """Return what is known of a payment."""
        return self._labels.get(transaction_id)

    def disposition(self, transaction_id: str) -> Disposition | None:
        """Return what came out about a payment."""
        label = self._labels.get(transaction_id)
        return None if label is None else label.disposition

    def confirmed_frauds(self, merchant_id: str) -> int:
        """Count the confirmed frauds at a merchant."""
        return self._frauds[merchant_id]

    def newest(self) -> Sequence[Label]:
        """Return one label for each payment: the newest."""
        return list(self._labels.values())

    def _take(self, label: Label) -> bool:
        known = self._labels.get(label.transaction_id)
        if known is not None and (known.observed_at > label.observed_at or known == label):
            return False
        if known is not None:
            self._forget(known)
        self._labels[label.transaction_id] = label
        if label.disposition == "confirmed_fraud":
            self._frauds[label.merchant_id] += 1
        if len(self._labels) > self._most:
            self._forget(next(iter(self._labels.values())))
        return known is None or known.disposition != label.disposition

    def _forget(self, label: Label) -> None:
        del self._labels[label.transaction_id]
        if label.disposition == "confirmed_fraud":
            self._frauds[label.merchant_id] -= 1
            if not self._frauds[label.merchant_id]:
                del self._frauds[label.merchant_id]
