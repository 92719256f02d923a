"""What is known of each payment when training ends: nothing that came out later may teach a bundle anything.

Payments whose label delay has not passed are left out, known frauds among them too: of these days frauds alone are
known, so whatever tells the days apart would pass for fraud, and the share of frauds would be too high.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from detectors.labels import Disposition, Label
from detectors.timing import Timing
from detectors.transaction import Transaction
from detectors.windows import whole_seconds


@dataclass(frozen=True, eq=False)
class Known:
    """n payments, and what is known of them."""

    frauds: NDArray[np.bool_]
    """(n,) confirmed, and the label delay has passed."""
    genuine: NDArray[np.bool_]
    """(n,) called a false positive, or not called anything; and the label delay has passed."""
    inconclusive: int
    """Older payments that were looked at without a result."""
    young: int
    """Payments whose label delay has not passed, whatever is known of them."""

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """(n,) known to be either."""
        return self.frauds | self.genuine


def newest_labels(labels: Iterable[Label], until: datetime) -> dict[str, Label]:
    """The label that holds of each payment, by transaction id: the newest observed by then, to the second; of two
    observed in the same second the first."""
    newest: dict[str, Label] = {}
    for label in labels:
        if label.observed_at > until:
            continue
        before = newest.get(label.transaction_id)
        if before is None or whole_seconds(label.observed_at) > whole_seconds(before.observed_at):
            newest[label.transaction_id] = label
    return newest


def what_is_known(
    payments: Sequence[Transaction], labels: Iterable[Label], until: datetime, timing: Timing
) -> Known:
    """What is known of payments when training ends."""
    held: dict[str, Disposition] = {
        name: label.disposition for name, label in newest_labels(labels, until).items()
    }
    settled = until - timedelta(hours=timing.delay_hours)
    said = [held.get(payment.transaction_id) for payment in payments]
    old = np.array([payment.event_time <= settled for payment in payments], dtype=np.bool_)
    inconclusive = np.array([each == "inconclusive" for each in said], dtype=np.bool_)
    frauds = np.array([each == "confirmed_fraud" for each in said], dtype=np.bool_)
    return Known(
        frauds=frauds & old,
        genuine=old & ~frauds & ~inconclusive,
        inconclusive=int(np.sum(inconclusive & old)),
        young=int(np.sum(~old)),
    )
