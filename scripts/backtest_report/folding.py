"""Folds the payments of a file as workers would that are fed in step, and keeps columns only."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from detectors.bundle import Bundle
from detectors.drift import DriftEvent
from detectors.labels import Label
from detectors.transaction import EnrichedTransaction, Transaction
from scripts.backtest_report.columns import Columns
from stream.backtest import Backtest, OnRows
from stream.enrichment import enrich_embedded

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
    labels: Iterable[Label],
    bundle: Bundle,
    partitions: int,
    columns: Columns,
    advance: Callable[[int], None],
    on_rows: OnRows | None = None,
) -> Folded:
    """Assess payments in event-time order, dealt to partitions as a producer does; `transactions` is emptied.

    A label takes effect at the first hour border after it was observed. `on_rows` is given the feature rows.
    """
    transactions.sort(key=lambda transaction: transaction.event_time, reverse=True)
    backtest = Backtest(bundle, partitions, labels, on_rows)
    for fold in backtest.run(_enriched(transactions, advance)):
        columns.add(fold.assessments)
        fold.assessments.clear()
    folds = backtest.folds
    drifts = [PartitionDrift(partition=fold.partition, drift=drift) for fold in folds for drift in fold.drifts]
    return Folded(
        duplicates=sum(fold.duplicates for fold in folds),
        conflicts=sum(len(fold.rejections) for fold in folds),
        drifts=tuple(sorted(drifts, key=lambda found: (found.drift.event_time, found.partition))),
    )


def _enriched(waiting: list[Transaction], advance: Callable[[int], None]) -> Iterator[EnrichedTransaction]:
    """Take payments from the end of a list."""
    while waiting:
        chunk = [waiting.pop() for _ in range(min(CHUNK, len(waiting)))]
        yield from enrich_embedded(chunk)
        advance(len(chunk))
