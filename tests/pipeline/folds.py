"""What has to come out: the pure fold of what a partition of `transactions.enriched` holds.

These folds know of no merchant, as a worker whose merchant memory is switched off.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.events import Event, TimeMark
from detectors.labels import Label
from detectors.transaction import EnrichedTransaction
from stream.backtest import PartitionFold
from stream.head import Guard, Head, encode_head, head_key
from stream.headers import KIND, LABEL_KIND, TIME_KIND, parse_origin
from stream.partitioning import partition_of
from tests.pipeline.topics import Logged

_KINDS: dict[bytes | None, type[Event]] = {None: EnrichedTransaction, LABEL_KIND: Label, TIME_KIND: TimeMark}
encode = msgspec.json.Encoder().encode


@dataclass
class ExpectedPartition:
    """Follows one partition's log and knows what its memories and assessments must be by now."""

    partition: int
    bundle: Bundle
    fold: PartitionFold = field(init=False)
    log_id: str = ""
    """Of `transactions.enriched`."""
    guard: Guard = field(init=False)

    def __post_init__(self) -> None:
        self.fold = PartitionFold(self.partition)
        self.guard = Guard(Head(), self.log_id)

    def follow(self, records: Sequence[Logged], batch: int = 700) -> None:
        """Apply more records of the log; those that were delivered twice are left out, as a worker must."""
        fresh = [record for record in records if self.guard.admit(record.offset, parse_origin(record.headers))]
        self.fold.feed([event_of(record) for record in fresh], self.bundle, batch)

    @property
    def memories(self) -> dict[bytes, bytes]:
        """Every memory of the partition, its head included."""
        head = encode_head(self.guard.head(self.bundle.version))
        return {**self.fold.memories, head_key(self.partition): head}

    @property
    def assessments(self) -> list[bytes]:
        """Every assessment as it goes over the wire, in order."""
        return encoded(self.fold.assessments)


def event_of(record: Logged) -> Event:
    """What a record of `transactions.enriched` says."""
    return msgspec.json.decode(record.value or b"", type=_KINDS[record.header(KIND)])


def fold_apart(payments: Iterable[EnrichedTransaction], bundle: Bundle, partitions: int) -> list[PartitionFold]:
    """Deal payments, given in the order they are sent, and fold each partition by itself."""
    folds = [PartitionFold(partition) for partition in range(partitions)]
    dealt: list[list[EnrichedTransaction]] = [[] for _ in folds]
    for payment in payments:
        dealt[partition_of(payment.account_id, partitions)].append(payment)
    for fold, part in zip(folds, dealt, strict=True):
        fold.feed(part, bundle)
    return folds


def encoded(assessments: Sequence[Assessment]) -> list[bytes]:
    """Assessments as they go over the wire."""
    return [encode(assessment) for assessment in assessments]


def follow_log(log: Sequence[Sequence[Logged]], bundle: Bundle, log_id: str = "") -> list[ExpectedPartition]:
    """Fold a whole topic, partition by partition; an empty partition must have no memories at all."""
    expected = [ExpectedPartition(partition, bundle, log_id=log_id) for partition in range(len(log))]
    for fold, records in zip(expected, log, strict=True):
        fold.follow(records)
    return expected


def once(produced: Sequence[bytes]) -> list[bytes]:
    """Drop what was produced again with the same bytes; anything else that came twice stays, and stands out."""
    return list(dict.fromkeys(produced))
