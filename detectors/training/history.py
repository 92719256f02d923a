"""Feature rows of a history, made by the same walk over payments and labels that scores live traffic."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import Baseline
from detectors.events import Event, TimeMark
from detectors.features import feature_matrix
from detectors.labels import Label
from detectors.merchants.local import LocalMerchants
from detectors.timing import Timing
from detectors.transaction import EnrichedTransaction
from detectors.walk import Walk
from detectors.windows import whole_seconds


@dataclass(frozen=True, eq=False)
class FeatureHistory:
    """A history in event-time order, payments that were sent twice counted once."""

    transactions: tuple[EnrichedTransaction, ...]
    """n payments."""
    rows: NDArray[np.float64]
    """(n, d) features of each, as known just before it."""
    payments: NDArray[np.int64]
    """(n,) payments known of the account before this one."""

    def __len__(self) -> int:
        return len(self.transactions)


def feature_history(
    history: Sequence[EnrichedTransaction],
    baseline: Baseline,
    labels: Iterable[Label] = (),
    timing: Timing | None = None,
) -> FeatureHistory:
    """Fold every account and merchant from nothing, in event-time order; equal times keep their order.

    A label takes effect at the first hour border after it was observed.
    """
    timing = timing or Timing()
    merchants = LocalMerchants(1, timing)
    walk = Walk(_forgotten, baseline, timing, merchants, 0)
    waiting = sorted(labels, key=lambda label: label.observed_at)
    waiting.reverse()
    kept: list[EnrichedTransaction] = []
    rows: list[NDArray[np.float64]] = []
    known: list[int] = []
    position = 0
    ordered = sorted(history, key=lambda payment: payment.event_time)
    for edge, payments in groupby(ordered, lambda each: timing.activity_edge(whole_seconds(each.event_time))):
        now = datetime.fromtimestamp(timing.first_second(edge), UTC)
        events: list[Event] = []
        while waiting and waiting[-1].observed_at <= now:
            events.append(waiting.pop())
        events.append(TimeMark(now))
        walk.follow(events, position)
        position += len(events)
        merchants.tell(0, walk.edge, walk.payments, walk.labels)
        merchants.close()
        walk.payments, walk.labels = [], []
        together = list(payments)
        walk.follow(together, position)
        fresh = [seen for _, seen in walk.observed if seen.repeat == "none"]
        walk.observed = []
        kept += [seen.details.transaction for seen in fresh]
        known += [seen.payments for seen in fresh]
        rows.append(feature_matrix([seen.row for seen in fresh]))
        position += len(together)
    matrix = np.concatenate(rows) if rows else feature_matrix([])
    return FeatureHistory(tuple(kept), matrix, np.array(known, dtype=np.int64))


def _forgotten(key: bytes) -> bytes | None:
    """Accounts start from nothing."""
    return None
