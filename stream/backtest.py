"""The stream without a stream: deals transactions to partitions as a producer does, and folds each in memory.

Given the same bundle and the same transactions in the same order, it yields the live run's assessments and
memories, to the bit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from detectors.assess import assess
from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.decoding import Rejection
from detectors.drift import DriftEvent
from detectors.transaction import EnrichedTransaction
from stream.partitioning import partition_of

BATCH = 500
"""Any size gives the same result; this one is fast."""


@dataclass(slots=True)
class PartitionFold:
    """Everything that follows from the transactions of one partition."""

    partition: int
    assessments: list[Assessment] = field(default_factory=list)
    rejections: list[tuple[EnrichedTransaction, Rejection]] = field(default_factory=list)
    duplicates: int = 0
    drifts: list[DriftEvent] = field(default_factory=list)
    memories: dict[bytes, bytes] = field(default_factory=dict)

    def feed(self, transactions: Sequence[EnrichedTransaction], bundle: Bundle, batch: int = BATCH) -> None:
        """Assess more transactions of the partition, in order."""
        for start in range(0, len(transactions), batch):
            part = transactions[start : start + batch]
            outcome = assess(part, self.memories.get, bundle, self.partition)
            self.assessments += [assessment for _, assessment in outcome.assessments]
            self.rejections += [(part[index], rejection) for index, rejection in outcome.rejections]
            self.duplicates += outcome.duplicates
            self.drifts += outcome.drifts
            self.memories.update(outcome.memories)


def backtest(
    transactions: Iterable[EnrichedTransaction], bundle: Bundle, partitions: int, batch: int = BATCH
) -> list[PartitionFold]:
    """Fold transactions, given in the order they were produced, and return one fold per partition."""
    dealt: list[list[EnrichedTransaction]] = [[] for _ in range(partitions)]
    for transaction in transactions:
        dealt[partition_of(transaction.account_id, partitions)].append(transaction)
    folds = [PartitionFold(partition) for partition in range(partitions)]
    for fold, part in zip(folds, dealt, strict=True):
        fold.feed(part, bundle, batch)
    return folds
