"""The side path: fold what all partitions tell of some merchants into their memories, an hour at a time.

A batch is acknowledged when every hour that it tells of is folded and written; until then it is kept in Kafka, and
of it only the offsets here.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from detectors.diagnosis import Rejection
from detectors.memory_keys import ledger_key
from detectors.merchants.activity import Activity, decode_activity
from detectors.merchants.ledger import Ledger
from detectors.timing import Timing
from sinks.dead_letters import SourcePosition, dead_letter
from stream.batching.app import BatchApp
from stream.batching.batch import Batch
from stream.batching.producer import ChangelogWriter, Outgoing, send_records
from stream.batching.table import BatchTable
from stream.metrics import Metrics
from stream.stages.lanes import Lanes
from stream.topics import DEAD_LETTERS, MERCHANT_ACTIVITY

LARGEST_CHANGE_BYTES = 3 * 1024 * 1024
"""Of one record batch of `merchant-profiles`, whose limit is 8 MiB."""

Changes = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Writers:
    """Where dead letters go, and memories."""

    outputs: AIOKafkaProducer
    changelog: ChangelogWriter


@dataclass(frozen=True, slots=True)
class ProfileEffects:
    """Memories of merchants to write, and how far they close what the batches told."""

    partition: int
    changes: Sequence[Changes]
    """The head is in the last one."""
    letters: Sequence[Outgoing]
    needs: int
    """The batch may be forgotten once hours before this one are closed."""
    closed: int
    """Hours before this one are closed when the effects are applied."""
    writers: Writers
    table: BatchTable

    async def apply(self) -> None:
        """Write everything and wait for the broker.

        Killed between two writes, the worker that takes over folds the same hours again: the head still asks for
        them, and the memories that are written say themselves up to which hour they are folded.
        """
        for delivery in await send_records(self.writers.outputs, DEAD_LETTERS, self.partition, self.letters):
            await delivery
        for part in self.changes:
            await self.table.persist(self.writers.changelog, self.partition, part)


class ProfileStage:
    """Keeps a ledger for each partition of merchants that this worker holds."""

    def __init__(
        self, timing: Timing, partitions: int, table: BatchTable, writers: Writers, metrics: Metrics
    ) -> None:
        self._timing = timing
        self._partitions = partitions
        self._table = table
        self._writers = writers
        self._metrics = metrics
        self._ledgers: dict[int, Ledger] = {}

    @property
    def newest_edge(self) -> int:
        """How far time has come somewhere, as far as this worker has heard."""
        return max((ledger.newest for ledger in self._ledgers.values()), default=0)

    def forget(self, partition: int) -> None:
        """Drop the ledger of a partition that leaves; whoever comes after starts at the committed offset."""
        self._ledgers.pop(partition, None)

    async def compute(self, batch: Batch) -> ProfileEffects:
        """Collect a batch and fold what it closes; the memories are visible at once, durable when applied."""
        ledger = self._ledger(batch.partition)
        letters: list[Outgoing] = []
        needs = 0
        for record in batch.records:
            activity = self._decode(record, letters)
            if activity is not None:
                # A record that only tells how far its source has come is needed until that hour is closed too.
                needs = max(needs, activity.edge, ledger.add(activity))
        changes: dict[bytes, bytes] = {}
        if ledger.closable is not None:
            changes = ledger.close(self._table.reader(batch.partition))
            self._table.apply(batch.partition, changes)
            self._metrics.merchants_folded.inc(len(changes) - 1)
        return ProfileEffects(
            batch.partition, list(_parts(changes)), letters, needs, ledger.edge, self._writers, self._table
        )

    def _ledger(self, partition: int) -> Ledger:
        ledger = self._ledgers.get(partition)
        if ledger is None:
            head = self._table.reader(partition)(ledger_key(partition))
            ledger = self._ledgers[partition] = Ledger(partition, self._partitions, self._timing, head)
        return ledger

    def _decode(self, record: ConsumerRecord, letters: list[Outgoing]) -> Activity | None:
        """Decode what the assess stage wrote; what somebody else wrote there may not decode."""
        try:
            activity = decode_activity(record.value or b"")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            rejection = Rejection("MALFORMED_JSON", f"not merchant activity: {error}")
        else:
            if 0 <= activity.source < self._partitions:
                return activity
            rejection = Rejection("INVALID_FIELD", f"there is no partition {activity.source} of payments")
        position = SourcePosition(record.topic, record.partition, record.offset)
        letter = dead_letter(record.value, rejection, position, key=record.key, headers=record.headers)
        letters.append(Outgoing(letter.key, letter.value, letter.headers))
        self._metrics.dead_letters.labels(rejection.reason).inc()
        return None


class _Held(NamedTuple):
    """A batch that tells of hours still open."""

    message: Any
    needs: int


class ProfileLanes(Lanes):
    """Lanes whose batches are acknowledged when their hours are closed, which may be an hour later.

    Offsets are committed in order, so one batch that is held keeps all behind it from being committed: those that
    need no more than it are let go at once, and few are held, however much an hour brings.
    """

    def __init__(self, app: BatchApp, stage: ProfileStage) -> None:
        super().__init__(app, stage)
        self._profiles = stage
        self._held: defaultdict[int, deque[_Held]] = defaultdict(deque)
        app.revocation_hooks.append(self._on_revoked)

    def newest_edge(self) -> int:
        """How far time has come somewhere, as far as this worker has heard."""
        return self._profiles.newest_edge

    def let_go(self) -> None:
        """Give all held batches back, unacknowledged; they will be delivered again."""
        for partition in list(self._held):
            self._let_go(partition)

    def _conclude(self, message: Any, effects: Any) -> None:
        consumer = self._app.consumer
        held = self._held[message.partition]
        while held and held[0].needs <= effects.closed:
            consumer.finish(held.popleft().message)
        if effects.needs > max(effects.closed, held[-1].needs if held else 0):
            held.append(_Held(_without_records(message), effects.needs))
            consumer.release(message)
        else:
            consumer.finish(message)
        if consumer.is_stale(message):
            self._let_go(message.partition)

    def _let_go(self, partition: int) -> None:
        for held in self._held.pop(partition, ()):
            self._app.consumer.abandon(held.message)

    async def _on_revoked(self, revoked: set[TP]) -> None:
        for tp in revoked:
            if tp.topic == MERCHANT_ACTIVITY:
                self._let_go(tp.partition)
                self._profiles.forget(tp.partition)


def _without_records(message: Any) -> Any:
    """The message, kept for its offsets only."""
    message.value = replace(message.value, records=())
    return message


def _parts(changes: Changes) -> Iterator[Changes]:
    """Cut changes into what fits one write each, in their order."""
    part: dict[bytes, bytes] = {}
    size = 0
    for key, value in changes.items():
        if part and size + len(key) + len(value) > LARGEST_CHANGE_BYTES:
            yield part
            part, size = {}, 0
        part[key] = value
        size += len(key) + len(value)
    if part:
        yield part
