"""The stream without a stream: deals payments to partitions as a producer does, and folds all of them in step.

Given the same bundle, the same payments in the same order and the same labels, it yields the assessments and
memories of a live run that was fed in step, to the bit.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from detectors.account_memory import AlertMemory
from detectors.assess import settle, start_walk
from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.decoding import Rejection
from detectors.drift import DriftEvent
from detectors.events import Event, TimeMark
from detectors.feature_rows import FeatureRow, feature_rows
from detectors.labels import Label
from detectors.merchants.local import LocalMerchants
from detectors.merchants.view import NO_MERCHANTS, Merchants
from detectors.timing import Timing
from detectors.transaction import EnrichedTransaction
from detectors.verdict import alert_of
from detectors.walk import Walk
from detectors.windows import whole_seconds
from stream.partitioning import partition_of

BATCH = 500
"""Payments that are scored together. Any number gives the same result; this one is fast."""

OnRows = Callable[[int, Sequence[FeatureRow]], None]
"""Takes the feature rows of a partition's payments, in the order of their assessments."""


@dataclass(slots=True)
class PartitionFold:
    """Everything that follows from the events of one partition."""

    partition: int
    assessments: list[Assessment] = field(default_factory=list)
    rejections: list[tuple[EnrichedTransaction, Rejection]] = field(default_factory=list)
    duplicates: int = 0
    drifts: list[DriftEvent] = field(default_factory=list)
    memories: dict[bytes, bytes] = field(default_factory=dict)
    on_rows: OnRows | None = None
    _events: list[Event] = field(default_factory=list)
    _walk: Walk | None = None
    _told: tuple[int, int] = (0, 0)
    _position: int = 0

    def feed(
        self, events: Sequence[Event], bundle: Bundle, batch: int = BATCH, merchants: Merchants = NO_MERCHANTS
    ) -> None:
        """Assess more events of the partition, in order."""
        for start in range(0, len(events), batch):
            self.follow(events[start : start + batch], bundle, merchants)
            self.settle(bundle)

    def follow(self, events: Sequence[Event], bundle: Bundle, merchants: Merchants) -> int:
        """Observe more events; return how many wait to be settled. Their assessments come with `settle`."""
        if self._walk is None:
            self._walk = start_walk(self.memories.get, bundle, self.partition, merchants)
            self._position, self._told = self._position + len(self._events), (0, 0)
            self._events = []
        self._walk.follow(events, self._position + len(self._events))
        self._events += events
        return len(self._events)

    def tell(self, merchants: LocalMerchants) -> None:
        """Let merchants know of what was observed since the last time."""
        if self._walk is not None:
            payments, labels = self._walk.payments, self._walk.labels
            merchants.tell(self.partition, self._walk.edge, payments[self._told[0] :], labels[self._told[1] :])
            self._told = len(payments), len(labels)

    def settle(self, bundle: Bundle) -> None:
        """Score what was observed."""
        if self._walk is None:
            return
        walk = self._walk
        alerts = {name: account.alert for name, account in walk.accounts.items()} if self.on_rows else {}
        outcome = settle(walk, self.memories.get, bundle, self.partition)
        assessments = [assessment for _, assessment in outcome.assessments]
        self.assessments += assessments
        if self.on_rows is not None:
            self.on_rows(self.partition, _rows(walk, assessments, alerts))
        for position, rejection in outcome.rejections:
            event = self._events[position - self._position]
            if isinstance(event, EnrichedTransaction):
                self.rejections.append((event, rejection))
        self.duplicates += outcome.duplicates
        self.drifts += outcome.drifts
        self.memories.update(outcome.memories)
        self._walk = None


def _rows(
    walk: Walk, assessments: Sequence[Assessment], alerts: dict[str, AlertMemory | None]
) -> list[FeatureRow]:
    """The rows of a walk's payments; `alerts` are their accounts' last ones before it."""
    before = []
    for assessment in assessments:
        account = assessment.account_id
        before.append(alerts[account])
        _, alerts[account] = alert_of(assessment, alerts[account])
    return feature_rows([seen for _, seen in walk.observed if seen.repeat == "none"], before)


class Backtest:
    """Folds of all partitions, moved on together from one hour border to the next."""

    def __init__(
        self, bundle: Bundle, partitions: int, labels: Iterable[Label] = (), on_rows: OnRows | None = None
    ) -> None:
        self.folds = [PartitionFold(partition, on_rows=on_rows) for partition in range(partitions)]
        self.merchants = LocalMerchants(partitions, bundle.manifest.timing)
        self._bundle = bundle
        self._timing = bundle.manifest.timing
        self._labels = sorted(labels, key=lambda label: label.observed_at)
        self._labels.reverse()

    def run(self, payments: Iterable[EnrichedTransaction], batch: int = BATCH) -> Iterator[PartitionFold]:
        """Assess payments in the order given; gives each fold whenever it has assessed some, and all at the end.

        Labels take effect at the first hour border after they were observed.
        """
        for edge, together in _by_edge(payments, self._timing):
            if edge > self.merchants.edge:
                self._pass_border(edge)
            for fold, dealt in zip(self.folds, self._deal(together), strict=True):
                if dealt and fold.follow(dealt, self._bundle, self.merchants) >= batch:
                    fold.tell(self.merchants)
                    fold.settle(self._bundle)
                    yield fold
        for fold in self.folds:
            fold.tell(self.merchants)
            fold.settle(self._bundle)
            yield fold

    def _deal(self, payments: Sequence[EnrichedTransaction]) -> list[list[Event]]:
        dealt: list[list[Event]] = [[] for _ in self.folds]
        for payment in payments:
            dealt[partition_of(payment.account_id, len(self.folds))].append(payment)
        return dealt

    def _pass_border(self, edge: int) -> None:
        """Labels that are known by now, then a time mark to every partition; then the hours before it close."""
        now = datetime.fromtimestamp(self._timing.first_second(edge), UTC)
        due: list[list[Event]] = [[] for _ in self.folds]
        while self._labels and self._labels[-1].observed_at <= now:
            label = self._labels.pop()
            due[partition_of(label.account_id, len(self.folds))].append(label)
        for fold, events in zip(self.folds, due, strict=True):
            fold.follow([*events, TimeMark(now)], self._bundle, self.merchants)
            fold.tell(self.merchants)
        self.merchants.close()


def _by_edge(
    payments: Iterable[EnrichedTransaction], timing: Timing
) -> Iterator[tuple[int, list[EnrichedTransaction]]]:
    """Group consecutive payments by the highest activity edge so far: a late one falls to those beside it."""
    highest = 0

    def edge_so_far(payment: EnrichedTransaction) -> int:
        nonlocal highest
        highest = max(highest, timing.activity_edge(whole_seconds(payment.event_time)))
        return highest

    for edge, together in groupby(payments, edge_so_far):
        yield edge, list(together)


def backtest(
    payments: Iterable[EnrichedTransaction],
    bundle: Bundle,
    partitions: int,
    labels: Iterable[Label] = (),
    batch: int = BATCH,
    on_rows: OnRows | None = None,
) -> list[PartitionFold]:
    """Fold payments, given in the order they were produced, and labels; return one fold per partition.

    `on_rows` is given the feature rows on the way; those of a frozen bundle give the same assessments again.
    """
    run = Backtest(bundle, partitions, labels, on_rows)
    for _ in run.run(payments, batch):
        pass
    return run.folds
