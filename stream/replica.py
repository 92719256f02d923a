"""Every worker's copy of all memories of merchants, read from their changelog; it writes nothing.

It is read while it changes: the head of a partition comes after the memories that it vouches for, so whoever looks
at `edge` first finds them.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import lru_cache

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from detectors.memory_keys import ledger_key, merchant_key
from detectors.merchants.ledger import ledger_edge, newest_edge
from detectors.merchants.profile import MerchantProfile, decode_profile
from stream.topics import MERCHANT_PROFILES

log = structlog.get_logger(__name__)

DECODED_PROFILES = 10_000
"""Memories kept decoded; the others stay bytes."""
OVERTAKE_SECONDS = 15.0
_LOOK_SECONDS = 0.01
_READ_MS = 1000
_LARGEST_READ = 5000
"""Records taken up without a pause: others want to run in between."""

_decode = lru_cache(DECODED_PROFILES)(decode_profile)


class Replica:
    """The memories of all merchants, as far as their changelog has come."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: int) -> None:
        self._consumer = consumer
        self._partitions = [TopicPartition(MERCHANT_PROFILES, each) for each in range(partitions)]
        self._heads = {ledger_key(each): 0 for each in range(partitions)}
        self._memories: dict[bytes, bytes] = {}
        self._left: dict[TopicPartition, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self.on_edge: Callable[[], None] = lambda: None
        """Called when the edge rises."""
        self.on_failure: Callable[[BaseException], None] = lambda error: None
        self.edge = 0
        """Hours since 1970 before which the totals of all partitions are in; 0 until all have told theirs."""
        self.newest_edge = 0
        """The highest edge of any partition of payments that some head knows of."""

    def __len__(self) -> int:
        return len(self._memories)

    @property
    def caught_up(self) -> bool:
        """Whether it holds what the changelog held when it started."""
        return self._task is not None and not self._left

    def profile(self, merchant_id: str) -> MerchantProfile | None:
        """Return the memory of a merchant; None for one that is not known (yet)."""
        data = self._memories.get(merchant_key(merchant_id))
        return None if data is None else _decode(data)

    async def start(self) -> None:
        """Begin to read, from the beginning."""
        await self._consumer.start()
        self._consumer.assign(self._partitions)
        await self._consumer.seek_to_beginning(*self._partitions)
        starts = await self._consumer.beginning_offsets(self._partitions)
        ends = await self._consumer.end_offsets(self._partitions)
        self._left = {tp: end for tp, end in ends.items() if end > starts[tp]}
        self._task = asyncio.create_task(self._follow())

    async def wait_caught_up(self) -> None:
        """Return when `caught_up`."""
        while not self.caught_up and self._task is not None and not self._task.done():
            self._changed.clear()
            await self._changed.wait()

    async def overtake(self, seconds: float = OVERTAKE_SECONDS) -> None:
        """Return when it holds what the changelog holds now, or with a warning when that takes too long.

        Whoever had a partition before may have known as much: payments assessed again have to meet the same.
        """
        try:
            async with asyncio.timeout(seconds):
                ends = await self._consumer.end_offsets(self._partitions)
                while not await self._has_come_to(ends):
                    await asyncio.sleep(_LOOK_SECONDS)
        except (TimeoutError, KafkaError) as error:
            log.warning("merchants may be known less far than by the last worker", error=repr(error))

    async def _has_come_to(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Positions count, for markers and compaction leave no record."""
        positions = [await self._consumer.position(tp) for tp in ends]
        return all(at >= end for at, end in zip(positions, ends.values(), strict=True))

    async def stop(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
        await self._consumer.stop()

    def take_up(self, records: list[ConsumerRecord]) -> None:
        """Replace what these records of one partition tell anew."""
        for record in records:
            if record.key in self._heads:
                self._heads[record.key] = ledger_edge(record.value)
                self.newest_edge = max(self.newest_edge, newest_edge(record.value))
            elif record.value is None:
                self._memories.pop(record.key, None)
            else:
                self._memories[record.key] = record.value

    async def _follow(self) -> None:
        try:
            while True:
                found = await self._consumer.getmany(timeout_ms=_READ_MS, max_records=_LARGEST_READ)
                for records in found.values():
                    self.take_up(records)
                self._conclude()
                if self._left:
                    await self._look_where_it_is()
        except Exception as error:
            log.exception("the replica of merchants failed")
            self.on_failure(error)
            self._changed.set()
            raise

    def _conclude(self) -> None:
        edge = min(self._heads.values())
        if edge > self.edge:
            self.edge = edge
            self.on_edge()

    async def _look_where_it_is(self) -> None:
        """Strike off the partitions that are read; positions count, for markers and compaction leave no record."""
        for tp, end in list(self._left.items()):
            if await self._consumer.position(tp) >= end:
                del self._left[tp]
        if not self._left:
            log.info("merchants are known", count=len(self._memories), edge=self.edge)
            self._changed.set()
