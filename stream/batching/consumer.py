"""Faust's aiokafka consumer, made to deliver batches and to keep their offsets as ranges.

It overrides private methods of faust-streaming 0.15 (listed and checked in tests/unit/stream/batching): topics
that are not batched, changelogs among them, take the stock path.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

from stream.batching.batch import Batch, BatchesRecord
from stream.batching.lost import LostBatches
from stream.batching.offsets import OffsetRanges
from stream.batching.ranges import RangeConsumer
from stream.batching.thread import BatchConsumerThread
from stream.errors import OffsetGap
from stream.losses import ADVICE

log = structlog.get_logger("stream.reading")
"""Not this module's name: under that, Faust's own lines are kept quiet."""

BATCHES_IN_FLIGHT = 2
"""Per partition: one whose effects are under way, one being computed. More would only hold memory."""

_LOST_LOOK_SECONDS = 1.0

_LEFT_OUT_SECONDS = 0.01
"""Longest sleep on some partitions while others are left out, which may be freed at any moment."""

_AWAY_SECONDS = 0.005
_AT_ONCE_SECONDS = 0.002
"""Records that are had at once, after being away so long, were lying here: newer ones will have come since."""
_FRESH_SECONDS = 0.003
"""Longest wait for those newer ones; the broker answers at once if there are any."""


class BatchConsumer(RangeConsumer):
    """Delivers the batches of each of `app.batched_topics` together, and commits what was passed to `finish`.

    Nothing is delivered between a rebalance and the seek after it. What gets lost on the way to a stage is read
    again, and what is finished is committed until the group has it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._jumps: dict[TP, tuple[int, int, int]] = {}
        """Holes seen once: where they begin and end, and which take from the log has to show the same."""
        self._open: int | None = None
        """The generation whose partitions were sought to where they go on."""
        self._sought: set[TP] = set()
        self._lost = LostBatches(self)
        self._looked = 0.0
        self.draining = False
        super().__init__(*args, **kwargs)

    # -- delivery

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, Any]:
        wanted = self._wanted(active_partitions)
        if not wanted:
            await self._wait_until_freed()
            return {}
        generation = self._open
        records = await self._look(wanted, timeout if active_partitions == wanted else _LEFT_OUT_SECONDS)
        delivered: dict[TP, Any] = {}
        together: defaultdict[str, list[Batch]] = defaultdict(list)
        for tp, (take, found) in records.items():
            if not self._is_batched(tp):
                delivered[tp] = found
            elif await self._follows(tp, found[0].offset, take) and self._is_open(generation):
                together[tp.topic] += self._batches(tp, found)
        for topic in sorted(together, key=self.app.batched_topics.index):
            delivered[TP(topic, together[topic][0].partition)] = [BatchesRecord(together[topic])]
        return delivered

    async def _look(self, wanted: set[TP], wait: float) -> dict[TP, tuple[int, list[Any]]]:
        """Return records, and in which take from its log each partition's began.

        What lay here already is as old as the last look: then there is a second one, for what came since.
        """
        began, before = time.monotonic(), self._looked
        records = await self._take(wanted, wait)
        self._looked = time.monotonic()
        lay_here = self._looked - began < _AT_ONCE_SECONDS and began - before > _AWAY_SECONDS
        if not lay_here or not records or self._is_backlog(records):
            return records
        for tp, (take, more) in (await self._take(wanted, _FRESH_SECONDS)).items():
            known = records.setdefault(tp, (take, []))[1]
            # Records behind a hole wait for the next look, which asks after what lies in it.
            if not known or more[0].offset == known[-1].offset + 1 or not self._is_batched(tp):
                known += more
        self._looked = time.monotonic()
        return records

    async def _take(self, wanted: set[TP], wait: float) -> dict[TP, tuple[int, list[Any]]]:
        records: Mapping[TP, list[Any]] = await super()._getmany(wanted, wait)
        return {tp: (self._thread.takes[tp], found) for tp, found in records.items()}

    def _is_backlog(self, records: Mapping[TP, tuple[int, list[Any]]]) -> bool:
        return any(len(found) >= self.app.batch_max_records // 2 for _, found in records.values())

    async def _wait_next_records(self, timeout: float) -> Any:
        """Fetch, but never seek in the middle of a rebalance, as Faust does: recovery seeks at its end."""
        records, active = await super()._wait_next_records(timeout)
        return (records if self.flow_active else None), active

    def _is_open(self, generation: int | None) -> bool:
        """Tell whether a generation's partitions may be read."""
        return generation is not None and self._open == generation == self.app.consumer_generation_id

    def _wanted(self, active: set[TP] | None) -> set[TP]:
        """Leave out partitions whose stage is busy or in no hurry; all batched ones while nothing may start."""
        closed = self.draining or self.app.rebalancing or not self._is_open(self._open)
        now = time.monotonic()
        return {
            tp for tp in active or () if not self._is_batched(tp) or not (closed or self._has_to_wait(tp, now))
        }

    def _has_to_wait(self, tp: TP, now: float) -> bool:
        return len(self._in_flight[tp]) >= BATCHES_IN_FLIGHT or not self._arrivals.is_due(tp, now)

    async def _wait_until_freed(self) -> None:
        self._freed.clear()
        try:
            await asyncio.wait_for(self._freed.wait(), timeout=0.05)
        except TimeoutError:
            return

    def _batches(self, tp: TP, records: Sequence[ConsumerRecord]) -> list[Batch]:
        size = self.app.batch_max_records
        # Faust would drop what comes a second time.
        self._read_offset[tp] = None
        return [self._batch(tp, records[start : start + size]) for start in range(0, len(records), size)]

    def _batch(self, tp: TP, records: Sequence[ConsumerRecord]) -> Batch:
        first, end = self._ranges[tp].deliver(records[0].offset, records[-1].offset)
        self._in_flight[tp].add(end)
        self._arrivals.deliver(tp, time.monotonic())
        return Batch(tp.topic, tp.partition, first, end, records)

    async def _follows(self, tp: TP, first_offset: int, take: int) -> bool:
        """Tell whether records continue where the last batch ended; if not, look again from there.

        Faust drops fetched records when a rebalance overtakes them. Compaction and transaction markers leave
        holes too: a jump is believed when the first take after a seek to its beginning shows the same.

        Raises:
            OffsetGap: the log was cut before it was read; aiokafka would go on with an info line.
        """
        expected = self._ranges[tp].expected
        if expected is not None and first_offset < expected:
            # Delivered again after a rebalance; or aiokafka has begun anew with another log of this name.
            await self.app.on_step_back(tp, expected)
        if (
            expected is None
            or first_offset <= expected
            or self._jumps.pop(tp, None) == (expected, first_offset, take)
        ):
            return True
        earliest = (await self.earliest_offsets(tp))[tp]
        if earliest > expected:
            raise OffsetGap(
                f"{tp.topic} partition {tp.partition}: records {expected} to {earliest - 1} were deleted before"
                f" they were read; lengthen the topic's retention; {ADVICE}"
            )
        await self._seek(TopicPartition(*tp), expected)
        self._jumps[tp] = (expected, first_offset, self._thread.takes[tp] + 1)
        return False

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Leave changelogs, which nobody fetches here, out of Faust's look for reads that hang."""
        if tp.topic not in self.app.tables.changelog_topics:
            super().verify_event_path(now, tp)

    async def perform_seek(self) -> None:
        """Seek to the committed offsets, unless somebody objects; ranges start again from there.

        Partitions that are dealt out meanwhile are left to the seek of their own generation: what they have
        committed is not known here.
        """
        generation = self.app.consumer_generation_id
        await super().perform_seek()
        held = self._sought
        await self._insist(held)
        await self.app.on_batches_resume({tp: self._read_offset.get(tp) for tp in held})
        for tp in held:
            self._restart(tp, self._read_offset.get(tp))
        await self._seek_to_beginning({tp for tp in held if not self._read_offset.get(tp)})
        self._open = generation

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek all partitions, and remember which they were."""
        committed: Mapping[TP, int] = await super().seek_to_committed()
        self._sought = {tp for tp in committed if self._is_batched(tp)}
        return committed

    async def _insist(self, held: set[TP]) -> None:
        """Go on where the group was known to be, should a coordinator that was restarted tell less."""
        for tp in held:
            offset, known = self._read_offset.get(tp), self._known.get(tp, 0)
            if (offset or 0) < known:
                log.warning(
                    "the group had committed more",
                    topic=tp.topic,
                    partition=tp.partition,
                    known=known,
                    told=offset,
                )
                await self._seek(TopicPartition(*tp), known)
                self._read_offset[tp] = known
            elif offset is not None:
                self._known[tp] = offset

    async def _seek_to_beginning(self, uncommitted: set[TP]) -> None:
        """Start partitions without a commit anew: aiokafka leaves them where they are, past dropped records."""
        partitions = [TopicPartition(*tp) for tp in uncommitted]
        if partitions:
            for tp, earliest in (await self.earliest_offsets(*partitions)).items():
                await self._seek(tp, earliest)
                self._restart(TP(*tp), earliest)

    async def seek(self, partition: TP, offset: int) -> None:
        """Seek one partition; its ranges start again from there."""
        self._restart(partition, offset)
        await super().seek(partition, offset)

    def _restart(self, tp: TP, offset: int | None) -> None:
        self._ranges[tp].seek(offset)
        self._jumps.pop(tp, None)
        self._forget_batches(tp)

    def _forget_batches(self, tp: TP) -> None:
        """Expect nothing more of what was delivered: it counts no longer."""
        self._in_flight.pop(tp, None)

    # -- what got lost

    @Service.task
    async def _look_for_what_is_lost(self) -> None:
        async for _ in self.itertimer(_LOST_LOOK_SECONDS, name="lost batches"):
            await self.read_again(time.monotonic())

    async def read_again(self, now: float) -> None:
        """Seek partitions back of which batches got lost; `now` is in seconds of a monotonic clock."""
        if self.app.rebalancing or not self._is_open(self._open):
            at_work = set(self._ranges)
        else:
            at_work = {message.tp for message in self._unacked_messages}
        for tp in self._lost.find(self._ranges, at_work, now):
            await self._rewind(tp, self._ranges[tp])

    async def _rewind(self, tp: TP, ranges: OffsetRanges) -> None:
        offset, reached = ranges.low, ranges.expected
        again = ranges.rewind() or 0
        self._forget_batches(tp)
        await self._seek(TopicPartition(*tp), again)
        self._freed.set()
        if offset is not None and offset != reached:
            log.warning(
                "batches got lost and are read again", topic=tp.topic, partition=tp.partition, offset=again
            )

    # -- flow control: partitions that are busy are simply not asked for

    def on_buffer_full(self, tp: TP) -> None:
        """Ignore queue pressure on batched topics: the queues hold every batch that can be in flight."""
        if not self._is_batched(tp):
            super().on_buffer_full(tp)

    async def is_at_end(self, tps: set[TP]) -> bool:
        """Tell whether all records of these partitions were delivered and are finished with."""
        ends = await self.highwaters(*tps)
        return all(not self._in_flight[tp] and (self._ranges[tp].expected or 0) >= (ends[tp] or 0) for tp in tps)

    # -- revocation

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish and commit what is under way, then forget the partitions."""
        self._open = None
        await self.app.on_batches_revoked(revoked)
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self._ranges.pop(tp, None)
            self._forget_batches(tp)
            self._lost.forget(tp)

    async def gone(self) -> None:
        """Return once a crash has closed the connection and left the group: others need not wait for it."""
        await self._thread._shutdown.wait()


class BatchTransport(driver.Transport):
    """The aiokafka transport with the batching consumer."""

    Consumer = BatchConsumer
