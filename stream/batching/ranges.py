"""What a Faust consumer knows of batches that are under way, and what of them it commits.

It overrides private methods of faust-streaming 0.15 (listed and checked in tests/unit/stream/batching). How
batches come about is not its business.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.utils.futures import notify

from stream.batching.arrivals import Arrivals
from stream.batching.batch import BatchMessage
from stream.batching.offsets import OffsetRanges


class RangeConsumer(driver.Consumer):
    """Keeps the offsets of batched topics as ranges, and commits what was finished until the group has it.

    Batches are delivered together and unpacked by their stage; each may be released, and is finished or abandoned.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ranges: defaultdict[TP, OffsetRanges] = defaultdict(OffsetRanges)
        self._in_flight: defaultdict[TP, set[int]] = defaultdict(set)
        self._freed = asyncio.Event()
        self._known: dict[TP, int] = {}
        """Offsets that the group had; they outlast rebalances."""
        super().__init__(*args, **kwargs)
        self._arrivals = Arrivals(self.app.lingers)

    def _is_batched(self, tp: TP) -> bool:
        return tp.topic in self.app.batched_topics

    def unpack(self, message: Any) -> list[BatchMessage]:
        """Return the batches that Faust's message holds: from here on each is acknowledged by itself."""
        message.acked = True
        self._unacked_messages.discard(message)
        batches = [BatchMessage(batch, message.generation_id) for batch in message.value]
        self._unacked_messages.update(batches)
        # Faust takes note of the message's own partition alone, and would miss the others.
        self.app.monitor.stream_inbound_time.update(dict.fromkeys((each.tp for each in batches), time.monotonic()))
        return batches

    def release(self, message: BatchMessage) -> None:
        """Let the partition deliver another batch, though this one is not finished (the archive buffers rows)."""
        if self._is_current(message):
            self._in_flight[message.tp].discard(message.value.end_offset)
            self._freed.set()

    def is_stale(self, message: BatchMessage) -> bool:
        """Tell whether a rebalance has taken the batch away, so that working on it would be in vain."""
        return self.app.rebalancing or not self._is_current(message)

    def _is_current(self, message: BatchMessage) -> bool:
        return bool(message.generation_id == self.app.consumer_generation_id)

    def finish(self, message: BatchMessage) -> None:
        """Acknowledge a batch after its effects. The next commit includes it."""
        if not message.acked:
            message.acked = True
            if self._is_current(message):
                batch = message.value
                self._ranges[message.tp].finish(batch.first_offset, batch.end_offset)
                self._n_acked += len(batch)
        self._forget(message)

    def abandon(self, message: BatchMessage) -> None:
        """Let go of a batch without acknowledging it: it will be delivered again."""
        message.acked = True
        self._forget(message)

    def _forget(self, message: BatchMessage) -> None:
        self.release(message)
        self._unacked_messages.discard(message)
        notify(self._waiting_for_ack)

    def ack(self, message: Any) -> bool:
        """Take Faust's own acknowledgements; for batches they only mean that Faust skipped them."""
        if not self._is_batched(message.tp):
            return bool(super().ack(message))
        if not message.acked:
            for each in self.unpack(message):
                self.abandon(each)
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
