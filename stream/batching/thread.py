"""The thread that owns the aiokafka consumer. It overrides private parts of faust-streaming 0.15 and aiokafka, as
consumer.py does; nothing here knows of batches.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiokafka.errors import IllegalStateError
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from stream.batching.records import FetchedRecords

PREFETCH_BACKOFF_SECONDS = 0.003
"""How long records of a busy partition keep aiokafka from fetching for the others; its own is 0.1."""


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Stock but for its waits, the make of its records and the seek after a rebalance."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.takes: Counter[TP] = Counter()
        """How often records of a partition were taken from what was fetched, whether or not anybody got them."""
        super().__init__(*args, **kwargs)

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # A literal 1.5 s in Faust.
        consumer._fetch_max_wait_ms = self.app.fetch_wait_ms
        return consumer

    async def on_start(self) -> None:
        """Connect."""
        await super().on_start()
        fetcher = self._ensure_consumer()._fetcher
        fetcher._records = FetchedRecords(self.app.batched_topics)
        fetcher._prefetch_backoff = PREFETCH_BACKOFF_SECONDS

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Keep changelogs from being fetched here: recovery reads them, and what nobody takes stays in memory."""
        changelogs = [TopicPartition(*tp) for tp in assigned if tp.topic in self.app.tables.changelog_topics]
        self._ensure_consumer().pause(*changelogs)
        await super().on_partitions_assigned(assigned, generation_id)

    async def _fetch_records(self, *args: Any, **kwargs: Any) -> Mapping[TP, list[Any]]:
        """Count: whoever asked may be gone by now, and the records with them."""
        records: Mapping[TP, list[Any]] = await super()._fetch_records(*args, **kwargs)
        self.takes.update(records.keys())
        return records

    async def seek_to_committed(self) -> Mapping[TP, int | None]:
        """Seek all partitions to their committed offsets at once; aiokafka takes a while over them, one by one.

        Raises:
            IllegalStateError: partitions were dealt out anew meanwhile.
        """
        committed: Mapping[TP, int | None] = await self.call_thread(self._seek_to_committed)
        return committed

    async def _seek_to_committed(self) -> Mapping[TP, int | None]:
        consumer = self._ensure_consumer()
        assignment = consumer._subscription.subscription.assignment
        found = await consumer._coordinator.fetch_committed_offsets(list(assignment.tps))
        if not assignment.active:
            raise IllegalStateError("partitions were dealt out anew while their offsets were looked up")
        committed = {tp: found[tp].offset if tp in found else None for tp in assignment.tps}
        for tp, offset in committed.items():
            if offset:
                consumer.seek(tp, offset)
        return {TP(*tp): offset for tp, offset in committed.items()}
