"""What the memories must be: the pure fold of the logs as they lie, merchants and all, hour by hour."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from detectors.bundle import Bundle
from detectors.events import Event, TimeMark
from detectors.merchants.local import LocalMerchants
from detectors.timing import Timing
from detectors.transaction import EnrichedTransaction
from detectors.windows import whole_seconds
from stream.backtest import BATCH, PartitionFold
from stream.head import Guard, Head, encode_head, head_key
from stream.headers import parse_origin
from tests.chaos.traffic import is_poison
from tests.pipeline.folds import event_of
from tests.pipeline.topics import Logged


@dataclass(slots=True)
class LoggedPartition:
    """A partition's log without what came twice and what no worker could digest, cut at the hour borders."""

    fold: PartitionFold
    guard: Guard
    hours: dict[int, list[Event]] = field(default_factory=lambda: defaultdict(list))
    """By the edge that their first event, a time mark, raised the log to."""

    def take(self, records: Sequence[Logged], timing: Timing) -> None:
        """Take the whole log.

        Raises:
            AssertionError: a payment overtook the time mark of its hour, so that the replay was not in step.
        """
        edge = 0
        for record in records:
            if not self.guard.admit(record.offset, parse_origin(record.headers)):
                continue
            event = event_of(record)
            if is_poison(event):
                continue
            if isinstance(event, TimeMark):
                edge = max(edge, timing.activity_edge(whole_seconds(event.time)))
            elif isinstance(event, EnrichedTransaction):
                assert timing.activity_edge(whole_seconds(event.event_time)) <= edge, "the replay was not in step"
            self.hours[edge].append(event)

    def memories(self, bundle_version: str) -> dict[bytes, bytes]:
        """Every memory of the partition, its head included."""
        head = encode_head(self.guard.head(bundle_version))
        return {**self.fold.memories, head_key(self.fold.partition): head}


def fold_logs(logs: Sequence[Sequence[Logged]], bundle: Bundle, log_id: str) -> list[dict[bytes, bytes]]:
    """Fold all partitions of `transactions.enriched` in step, and return the memories of each.

    `log_id` is the topic's.
    """
    timing = bundle.manifest.timing
    partitions = [LoggedPartition(PartitionFold(number), Guard(Head(), log_id)) for number in range(len(logs))]
    for partition, records in zip(partitions, logs, strict=True):
        partition.take(records, timing)
    merchants = LocalMerchants(len(logs), timing)
    for edge in sorted({edge for partition in partitions for edge in partition.hours}):
        hours = [(partition.fold, partition.hours.get(edge, [])) for partition in partitions]
        for fold, events in hours:
            _feed(fold, events[:1], bundle, merchants)
        merchants.close()
        for fold, events in hours:
            _feed(fold, events[1:], bundle, merchants)
    return [partition.memories(bundle.version) for partition in partitions]


def _feed(fold: PartitionFold, events: Sequence[Event], bundle: Bundle, merchants: LocalMerchants) -> None:
    for start in range(0, len(events), BATCH):
        fold.follow(events[start : start + BATCH], bundle, merchants)
        fold.tell(merchants)
        fold.settle(bundle)
