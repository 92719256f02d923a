"""Follows one shard: reads ahead while what was read before goes to Kafka, and keeps its checkpoint.

A checkpoint is written when Kafka has everything up to it, never before.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import msgspec
import stamina
import structlog

from stream.batching.producer import Outgoing
from stream.errors import RecordsLost
from stream.kinesis.checkpoints import CheckpointLog
from stream.kinesis.conversion import Converter, Placed, Record
from stream.kinesis.sending import Delivery, Sender
from stream.kinesis.service import IteratorExpired, KinesisStream, Page, StreamBusy
from stream.kinesis.shards import Checkpoint, Shard, Start
from stream.partitioning import partition_of
from stream.topics import KINESIS_CHECKPOINTS

log = structlog.get_logger(__name__)

MOST_CONVERTED = 1000
"""Records converted in one go: until then nobody else has a turn."""
IDLE_CHECKPOINT_SECONDS = 300.0
"""How old a checkpoint may become while nothing comes: it also says until when nothing was missed."""
_BUSY_SECONDS = 10.0
"""Longest pause between two attempts while the service asks to slow down."""

_T = TypeVar("_T")


@dataclass(slots=True)
class Totals:
    """What an adapter has done so far."""

    records: int = 0
    dead_letters: int = 0
    behind_ms: dict[str, int] = field(default_factory=dict)
    """By shard that is being read: how far behind its newest record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all shards of an adapter share."""

    stream: KinesisStream
    source: str
    retention_ms: int
    converter: Converter
    sender: Sender
    checkpoints: CheckpointLog
    executor: Executor
    """Its threads wait for Kinesis."""
    pages: asyncio.Semaphore
    """Bounds the pages in memory."""
    stopping: asyncio.Event
    totals: Totals
    partitions: int
    poll_seconds: float
    read_records: int
    once: bool
    """End a shard where it is read up to now."""

    async def ask(self, call: Callable[[], _T]) -> _T:
        """Ask Kinesis in a thread, again and again while it asks to slow down."""
        async for attempt in stamina.retry_context(
            on=StreamBusy, attempts=None, timeout=None, wait_max=_BUSY_SECONDS
        ):
            with attempt:
                return await asyncio.get_running_loop().run_in_executor(self.executor, call)
        raise AssertionError("unreachable: attempts have no end")

    async def unless_stopped(self, work: Coroutine[Any, Any, _T]) -> _T | None:
        """Return what `work` returns, or None as soon as the adapter is to stop."""
        working = asyncio.create_task(work)
        stopped = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            stopped.cancel()
            working.cancel()

    async def write(self, shard_id: str, checkpoint: Checkpoint) -> None:
        """Write a checkpoint and wait for its acknowledgement."""
        key, value = self.checkpoints.note(self.source, shard_id, checkpoint)
        partition = partition_of(key.decode(), self.partitions)
        await self.sender.send([Placed(KINESIS_CHECKPOINTS, partition, Outgoing(key, value))])


class Follower:
    """Follows one shard from a start to its end, or until it is told to stop."""

    def __init__(self, ground: Ground, shard: Shard, start: Start, checkpoint: Checkpoint) -> None:
        self._ground = ground
        self._shard = shard
        self._start = start
        self._checkpoint = checkpoint
        self._next_read = 0.0
        self._written_at = -math.inf

    async def run(self) -> None:
        """Follow. Returns when the shard has ended, when it is read up to now (`once`), or on a stop."""
        log.info("reading a shard", shard=self._shard.id, start=self._start.kind)
        if self._start.kind != "after":
            # Where reading began has to be known after a restart too, though no record may have come.
            await self._ground.write(self._shard.id, self._checkpoint)
        try:
            await self._follow()
        finally:
            self._ground.totals.behind_ms.pop(self._shard.id, None)

    async def _follow(self) -> None:
        page = await self._read(None)
        while page is not None:
            ends = page.next_iterator is None
            done = ends or (self._ground.once and page.behind_ms == 0)
            # Read ahead only when there is more: the next page is taken while this one goes to Kafka.
            ahead = None if done else asyncio.create_task(self._read(page.next_iterator))
            try:
                await self._pass_on(page, ends)
            except BaseException:
                if ahead is not None:
                    ahead.cancel()
                raise
            page = None if ahead is None else await ahead

    async def _pass_on(self, page: Page, ends: bool) -> None:
        """Send a page, then say so."""
        try:
            await self._send(page.records)
        finally:
            self._ground.pages.release()
        self._ground.totals.behind_ms[self._shard.id] = page.behind_ms
        idle = time.monotonic() - self._written_at
        if page.records or ends or idle > IDLE_CHECKPOINT_SECONDS:
            await self._conclude(page, ends)

    async def _send(self, records: Sequence[Record]) -> None:
        """Convert and send piece by piece; return when Kafka has everything."""
        totals, delivery, rejected = self._ground.totals, Delivery(), Counter[str]()
        for first in range(0, len(records), MOST_CONVERTED):
            converted = await self._ground.converter.convert(
                self._shard.id, records[first : first + MOST_CONVERTED]
            )
            await self._ground.sender.begin(converted.placed, delivery)
            rejected.update(converted.rejected)
            await asyncio.sleep(0)  # other shards, and signals, have their turn
        await self._ground.sender.wait(delivery)
        totals.records += len(records)
        totals.dead_letters += rejected.total()
        for reason, count in sorted(rejected.items()):
            log.warning("dead letters", shard=self._shard.id, reason=reason, count=count)

    async def _conclude(self, page: Page, ends: bool) -> None:
        last = page.records[-1]["SequenceNumber"] if page.records else self._checkpoint.sequence
        complete = max(self._checkpoint.complete_ms, page.asked_ms - page.behind_ms)
        self._checkpoint = msgspec.structs.replace(
            self._checkpoint, sequence=last, ended=ends, complete_ms=complete
        )
        await self._ground.write(self._shard.id, self._checkpoint)
        self._written_at = time.monotonic()
        if ends:
            log.info("a shard has ended", shard=self._shard.id)

    async def _read(self, iterator: str | None) -> Page | None:
        """Read once there is room for a page and the pace allows it; None on a stop."""
        if self._ground.stopping.is_set():
            return None
        return await self._ground.unless_stopped(self._page(iterator))

    async def _page(self, iterator: str | None) -> Page:
        await self._ground.pages.acquire()
        try:
            while True:
                await asyncio.sleep(self._next_read - time.monotonic())
                try:
                    return await self._ask_for_page(iterator)
                except IteratorExpired:
                    log.info("an iterator has expired and is renewed", shard=self._shard.id)
                    self._refuse_gap()
                    iterator = None
        except BaseException:
            self._ground.pages.release()
            raise

    def _refuse_gap(self) -> None:
        """Raise if reading paused for so long that records may be deleted which a new iterator would pass over."""
        away_ms = int(time.time() * 1000) - self._checkpoint.complete_ms
        if self._start.kind == "after" and away_ms > self._ground.retention_ms:
            raise RecordsLost(
                f"{self._shard.id} was not read for {away_ms / 3_600_000:.0f} hours, longer than the stream keeps"
                " records: start again, to see what is lost"
            )

    async def _ask_for_page(self, iterator: str | None) -> Page:
        ground, start = self._ground, self._start
        if iterator is None:
            iterator = await ground.ask(partial(ground.stream.iterator, self._shard.id, start))
        self._next_read = time.monotonic() + ground.poll_seconds
        page = await ground.ask(partial(ground.stream.read, iterator, ground.read_records))
        if page.records:
            # From here a new iterator goes on, whatever is acknowledged meanwhile.
            self._start = Start("after", start.since_ms, page.records[-1]["SequenceNumber"])
        return page
