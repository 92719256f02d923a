"""What a worker does beside its stages so that merchants' hours close everywhere: it says how far it is, and it
moves time on in partitions where nothing happens.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec
import structlog
from aiokafka import AIOKafkaProducer
from faust.types import TP

from detectors.clock import decode_clock
from detectors.events import TimeMark
from detectors.memory_keys import clock_key
from detectors.timing import Timing
from stream.batching.app import BatchApp
from stream.batching.producer import Outgoing, send_records
from stream.batching.table import BatchTable
from stream.headers import KIND, TIME_KIND
from stream.replica import Replica
from stream.stages.lanes import Lanes
from stream.topics import ENRICHED, MERCHANT_PROGRESS, TRANSACTIONS

log = structlog.get_logger(__name__)

IDLE_SECONDS = 1.0
"""After this silence a partition takes the time from the others."""
_LOOK_SECONDS = 0.25

_encode = msgspec.json.Encoder().encode


class Progress(msgspec.Struct, frozen=True):
    """The value of `merchant-progress` under the number of a partition of payments."""

    edge: int
    """Hours since 1970 before which the worker that holds the partition knows all merchants."""


def mark_for(edge: int, timing: Timing) -> Outgoing:
    """Return a time mark that closes the hours before `edge`."""
    mark = TimeMark(time_of(edge, timing))
    return Outgoing(None, _encode(mark), ((KIND, TIME_KIND),))


def time_of(edge: int, timing: Timing) -> datetime:
    """Return the earliest time at which the hours before `edge` are closed.

    >>> time_of(2, Timing()).isoformat()
    '1970-01-01T02:10:00+00:00'
    """
    return datetime.fromtimestamp(timing.first_second(edge), UTC)


class ProgressReporter:
    """Tells, for each partition of payments that this worker holds, up to which hour it knows all merchants."""

    def __init__(self, producer: AIOKafkaProducer, replica: Replica, held: Callable[[], Sequence[int]]) -> None:
        self._producer = producer
        self._replica = replica
        self._held = held
        self._changed = asyncio.Event()

    def report(self) -> None:
        """Report soon: the replica's edge rose, or partitions were assigned."""
        self._changed.set()

    async def run(self) -> None:
        """Send reports until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            value = _encode(Progress(self._replica.edge))
            deliveries = []
            for partition in self._held():
                record = Outgoing(b"%d" % partition, value)
                deliveries += await send_records(self._producer, MERCHANT_PROGRESS, partition, [record])
            await asyncio.gather(*deliveries)


class IdleClock:
    """Appends time marks to partitions of payments in which nothing happens while time goes on elsewhere.

    Otherwise the hours of all merchants would stay open for as long as one partition has no payment.
    """

    def __init__(
        self,
        app: BatchApp,
        table: BatchTable,
        producer: AIOKafkaProducer,
        timing: Timing,
        lanes: Sequence[Lanes],
        newest_edge: Callable[[], int],
        held: Callable[[], Sequence[int]],
    ) -> None:
        self._app = app
        self._table = table
        self._producer = producer
        self._timing = timing
        self._lanes = lanes
        self._newest_edge = newest_edge
        self._held = held
        self._marked: dict[int, int] = {}

    def forget(self) -> None:
        """Partitions were assigned: what was appended before may be another worker's business now."""
        self._marked.clear()

    async def run(self) -> None:
        """Look around until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if not self._app.rebalancing:
                await self.look()

    async def look(self) -> None:
        """Append a mark to each held partition that is idle and behind."""
        newest = self._newest_edge()
        for partition in self._held():
            if self._is_behind(partition, newest) and await self._is_idle(partition):
                self._marked[partition] = newest
                mark = mark_for(newest, self._timing)
                for delivery in await send_records(self._producer, ENRICHED, partition, [mark]):
                    await delivery
                log.debug("time moved on in an idle partition", partition=partition, edge=newest)

    def _is_behind(self, partition: int, newest: int) -> bool:
        clock = decode_clock(self._table.reader(partition)(clock_key(partition)))
        return max(clock.edge, self._marked.get(partition, 0)) < newest

    async def _is_idle(self, partition: int) -> bool:
        """Tell whether nothing came for a second, and nothing waits in Kafka."""
        since = time.monotonic() - IDLE_SECONDS
        if any(lanes.last_batch(partition) > since for lanes in self._lanes):
            return False
        waiting = {TP(TRANSACTIONS, partition), TP(ENRICHED, partition)}
        return bool(await self._app.consumer.is_at_end(waiting))
