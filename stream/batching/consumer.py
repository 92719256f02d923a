"""Faust's aiokafka consumer, made to deliver batches and to keep their offsets as ranges.

It overrides private methods of faust-streaming 0.15 (listed and checked in tests/unit/stream/batching): topics
that are not batched, changelogs among them, take the stock path.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog
from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service
from mode.utils.futures import notify

from stream.batching.batch import Batch, BatchRecord
from stream.batching.offsets import OffsetRanges
from stream.batching.thread import BatchConsumerThread
from stream.errors import OffsetGap
from stream.losses import ADVICE

log = structlog.get_logger("stream.reading")
"""Not this module's name: under that, Faust's own lines are kept quiet."""

BATCHES_IN_FLIGHT = 2
"""Per partition: one whose effects are under way, one being computed. More would only hold memory."""

LOST_SECONDS = 5.0
"""How long a partition may stand still with something to do and nobody at work before it is read again."""
_LOOK_SECONDS = 1.0

_State = tuple[int, int, int]
"""Of a partition: up to where it is finished, up to where delivered, and its end."""


class BatchConsumer(driver.Consumer):
    """Delivers `Batch` values for `app.batched_topics` and commits what was passed to `finish`.

    Nothing is delivered between a rebalance and the seek after it. What gets lost on the way to a stage is read
    again, and what is finished is committed until the group has it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ranges: defaultdict[TP, OffsetRanges] = defaultdict(OffsetRanges)
        self._in_flight: defaultdict[TP, set[int]] = defaultdict(set)
        self._jumps: dict[TP, tuple[int, int]] = {}
        self._announced: Counter[str] = Counter()
        self._freed = asyncio.Event()
        self._open: int | None = None
        """The generation whose partitions were sought to where they go on."""
        self._sought: set[TP] = set()
        self._known: dict[TP, int] = {}
        """Offsets that the group had; they outlast rebalances."""
        self._still: dict[TP, tuple[_State, float]] = {}
        self.draining = False
        super().__init__(*args, **kwargs)

    # -- delivery

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, Any]:
        self._announced.clear()
        wanted = self._wanted(active_partitions)
        if not wanted:
            await self._wait_until_freed()
            return {}
        # A partition left out may be freed at any moment: do not sleep long on the others.
        wait = timeout if active_partitions == wanted else 0.01
        generation = self._open
        records: dict[TP, Any] = await super()._getmany(wanted, wait)
        delivered: dict[TP, Any] = {}
        for tp, found in records.items():
            if not self._is_batched(tp):
                delivered[tp] = found
            elif await self._follows(tp, found[0].offset) and self._is_open(generation):
                delivered[tp] = self._batches(tp, found)
                self._announced[tp.topic] += len(delivered[tp])
        return delivered

    def announces(self, topic: str) -> bool:
        """Tell whether batches of a topic were fetched that Faust is still passing on."""
        return self._announced[topic] > 0

    def take(self, message: Any) -> None:
        """Note that a batch has come to its stage."""
        self._announced[message.topic] -= 1

    async def _wait_next_records(self, timeout: float) -> Any:
        """Fetch, but never seek in the middle of a rebalance, as Faust does: recovery seeks at its end."""
        records, active = await super()._wait_next_records(timeout)
        return (records if self.flow_active else None), active

    def _is_open(self, generation: int | None) -> bool:
        """Tell whether a generation's partitions may be read."""
        return generation is not None and self._open == generation == self.app.consumer_generation_id

    def _wanted(self, active: set[TP] | None) -> set[TP]:
        """Leave out partitions whose stage is busy, and all batched ones while nothing may start."""
        closed = self.draining or self.app.rebalancing or not self._is_open(self._open)
        return {
            tp
            for tp in active or ()
            if not self._is_batched(tp) or not (closed or len(self._in_flight[tp]) >= BATCHES_IN_FLIGHT)
        }

    async def _wait_until_freed(self) -> None:
        self._freed.clear()
        try:
            await asyncio.wait_for(self._freed.wait(), timeout=0.05)
        except TimeoutError:
            return

    def _batches(self, tp: TP, records: Sequence[ConsumerRecord]) -> list[BatchRecord]:
        size = self.app.batch_max_records
        # Faust would drop what comes a second time.
        self._read_offset[tp] = None
        return [self._batch(tp, records[start : start + size]) for start in range(0, len(records), size)]

    def _batch(self, tp: TP, records: Sequence[ConsumerRecord]) -> BatchRecord:
        first, end = self._ranges[tp].deliver(records[0].offset, records[-1].offset)
        self._in_flight[tp].add(end)
        return BatchRecord(Batch(tp.topic, tp.partition, first, end, records))

    async def _follows(self, tp: TP, first_offset: int) -> bool:
        """Tell whether records continue where the last batch ended; if not, look again from there.

        Faust drops fetched records when a rebalance overtakes them. Compaction and transaction markers leave
        holes too: a jump is believed when a second look finds the same.

        Raises:
            OffsetGap: the log was cut before it was read; aiokafka would go on with an info line.
        """
        expected = self._ranges[tp].expected
        if expected is not None and first_offset < expected:
            # Delivered again after a rebalance; or aiokafka has begun anew with another log of this name.
            await self.app.on_step_back(tp, expected)
        if expected is None or first_offset <= expected or self._jumps.pop(tp, None) == (expected, first_offset):
            return True
        earliest = (await self.earliest_offsets(tp))[tp]
        if earliest > expected:
            raise OffsetGap(
                f"{tp.topic} partition {tp.partition}: records {expected} to {earliest - 1} were deleted before"
                f" they were read; lengthen the topic's retention; {ADVICE}"
            )
        self._jumps[tp] = (expected, first_offset)
        await self._seek(TopicPartition(*tp), expected)
        return False

    def _is_batched(self, tp: TP) -> bool:
        return tp.topic in self.app.batched_topics

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
        self._in_flight.pop(tp, None)

    # -- what got lost: nobody is at work on it, and nothing new need come to show it

    @Service.task
    async def _look_for_what_is_lost(self) -> None:
        async for _ in self.itertimer(_LOOK_SECONDS, name="lost batches"):
            await self.read_again(time.monotonic())

    async def read_again(self, now: float) -> None:
        """Seek partitions back that stood still for `LOST_SECONDS`, though there is more and nobody at work."""
        at_work = {message.tp for message in self._unacked_messages}
        closed = self.app.rebalancing or not self._is_open(self._open)
        for tp, ranges in list(self._ranges.items()):
            state = None if closed or tp in at_work else self._unfinished(tp, ranges)
            before, since = self._still.get(tp, (None, now))
            if state is None:
                self._still.pop(tp, None)
            elif state != before:
                self._still[tp] = (state, now)
            elif now - since >= LOST_SECONDS:
                self._still[tp] = (state, now)
                await self._rewind(tp, ranges)

    def _unfinished(self, tp: TP, ranges: OffsetRanges) -> _State | None:
        """Return how far a partition is if there is anything left to do, else None."""
        if ranges.expected is None or tp not in self.assignment():
            return None
        finished = ranges.expected if ranges.low is None else ranges.low
        end = self.highwater(tp) or 0
        return (finished, ranges.expected, end) if finished < max(end, ranges.expected) else None

    async def _rewind(self, tp: TP, ranges: OffsetRanges) -> None:
        offset, reached = ranges.low, ranges.expected
        again = ranges.rewind() or 0
        self._in_flight.pop(tp, None)
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

    def release(self, message: Any) -> None:
        """Let the partition deliver another batch, though this one is not finished (the archive buffers rows)."""
        if self._is_current(message):
            self._in_flight[message.tp].discard(message.value.end_offset)
            self._freed.set()

    async def is_at_end(self, tps: set[TP]) -> bool:
        """Tell whether all records of these partitions were delivered and are finished with."""
        ends = await self.highwaters(*tps)
        return all(not self._in_flight[tp] and (self._ranges[tp].expected or 0) >= (ends[tp] or 0) for tp in tps)

    # -- completion

    def is_stale(self, message: Any) -> bool:
        """Tell whether a rebalance has taken the batch away, so that working on it would be in vain."""
        return self.app.rebalancing or not self._is_current(message)

    def _is_current(self, message: Any) -> bool:
        return bool(message.generation_id == self.app.consumer_generation_id)

    def finish(self, message: Any) -> None:
        """Acknowledge a batch after its effects. The next commit includes it."""
        if not message.acked:
            message.acked = True
            if self._is_current(message):
                batch: Batch = message.value
                self._ranges[message.tp].finish(batch.first_offset, batch.end_offset)
                self._n_acked += len(batch)
        self._forget(message)

    def abandon(self, message: Any) -> None:
        """Let go of a batch without acknowledging it: it will be delivered again."""
        message.acked = True
        self._forget(message)

    def _forget(self, message: Any) -> None:
        self.release(message)
        self._unacked_messages.discard(message)
        notify(self._waiting_for_ack)

    def ack(self, message: Any) -> bool:
        """Take Faust's own acknowledgements; for a batch they only mean that Faust skipped it."""
        if not self._is_batched(message.tp):
            return bool(super().ack(message))
        if not message.acked:
            self.abandon(message)
        return False

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        if not self._is_batched(tp):
            await super()._add_gap(tp, offset_from, offset_to)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        yield from super()._filter_tps_with_pending_acks(topics)
        yield from (tp for tp in list(self._ranges) if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        if not self._is_batched(tp):
            offset: int | None = super()._new_offset(tp)
            return offset
        return self._ranges[tp].committable()

    def _should_commit(self, tp: TP, offset: int) -> bool:
        # Faust takes note of commits that failed, too.
        return self._is_batched(tp) or bool(super()._should_commit(tp, offset))

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        # Ranges are dropped with their partition: a commit that outlasts a rebalance says nothing of new ones.
        ranges = {tp: self._ranges[tp] for tp in offsets if self._is_batched(tp)}
        done = bool(await super()._commit(offsets))
        if done:
            for tp, each in ranges.items():
                each.commit(offsets[tp])
                self._known[tp] = max(self._known.get(tp, 0), offsets[tp])
        return done

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish and commit what is under way, then forget the partitions."""
        self._open = None
        await self.app.on_batches_revoked(revoked)
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self._ranges.pop(tp, None)
            self._in_flight.pop(tp, None)
            self._still.pop(tp, None)

    async def gone(self) -> None:
        """Return once a crash has closed the connection and left the group: others need not wait for it."""
        await self._thread._shutdown.wait()


class BatchTransport(driver.Transport):
    """The aiokafka transport with the batching consumer."""

    Consumer = BatchConsumer
