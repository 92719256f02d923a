"""Folds the payments of a file through the same `assess` as the worker, and keeps columns only."""

from collections import deque
from collections.abc import Callable
from itertools import islice

import msgspec

from detectors.bundle import Bundle
from detectors.drift import DriftEvent
from detectors.transaction import Transaction
from scripts.backtest_report.columns import Columns
from stream.backtest import PartitionFold
from stream.enrichment import enrich_embedded
from stream.partitioning import partition_of

CHUNK = 2_000
"""Payments between two turns of the progress bar; any number gives the same result."""


class PartitionDrift(msgspec.Struct, frozen=True, kw_only=True):
    """A drift, and where it was found."""

    partition: int
    drift: DriftEvent


class Folded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the payments that yielded no assessment, and the drifts on the way."""

    duplicates: int
    conflicts: int
    drifts: tuple[PartitionDrift, ...]


def fold_payments(
    transactions: list[Transaction],
    bundle: Bundle,
    partitions: int,
    columns: Columns,
    advance: Callable[[int], None],
) -> Folded:
    """Assess payments in event-time order, dealt to partitions as a producer does; `transactions` is emptied."""
    transactions.sort(key=lambda transaction: transaction.event_time)
    dealt: list[deque[Transaction]] = [deque() for _ in range(partitions)]
    for transaction in transactions:
        dealt[partition_of(transaction.account_id, partitions)].append(transaction)
    transactions.clear()
    folds = [PartitionFold(partition) for partition in range(partitions)]
    for fold, waiting in zip(folds, dealt, strict=True):
        while waiting:
            chunk = [waiting.popleft() for _ in islice(range(len(waiting)), CHUNK)]
            fold.feed(enrich_embedded(chunk), bundle)
            columns.add(fold.assessments)
            fold.assessments.clear()
            advance(len(chunk))
        fold.memories.clear()
    drifts = [PartitionDrift(partition=fold.partition, drift=drift) for fold in folds for drift in fold.drifts]
    return Folded(
        duplicates=sum(fold.duplicates for fold in folds),
        conflicts=sum(len(fold.rejections) for fold in folds),
        drifts=tuple(sorted(drifts, key=lambda found: (found.drift.event_time, found.partition))),
    )
