"""Recovery of memories in place of Faust's, which reads 15,000 records a second and goes on after an error.

A consumer of its own reads whole fetches of the changelogs into the stores and ends by position, for the last
offset may be that of a marker, or of a record that compaction took away. Streams resume when all is read; if
something fails, the worker crashes instead.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError
from aiokafka.structs import TopicPartition
from faust.tables.manager import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery, ServiceStopped
from faust.types import TP
from mode import Service

from stream.batching.stores import Store
from stream.errors import RecoveryStalled

log = structlog.get_logger("stream.recovery")
"""Not this module's name: under that, Faust's own lines are kept quiet."""

STALL_SECONDS = 60.0
"""Without a single record, while the changelog has more."""
_READ_MS = 1000
_LARGEST_READ = 5000
"""Records taken up without a pause: others want to run in between."""
_REPORT_SECONDS = 5.0


class ChangelogReader:
    """Brings stores up to date with their changelogs."""

    def __init__(self, consumer: AIOKafkaConsumer, stores: Mapping[TopicPartition, Store]) -> None:
        self._consumer = consumer
        self._stores = stores
        self._starts: dict[TopicPartition, int] = {}
        self._left: dict[TopicPartition, int] = {}
        self.records = 0
        """Read so far."""

    async def read(self) -> None:
        """Read up to the ends that the changelogs have now.

        Raises:
            RecoveryStalled: nothing comes though there should be more.
        """
        try:
            await self._consumer.start()
            await self._find_what_is_left()
            if self._left:
                await self._take_up()
        finally:
            await self._consumer.stop()

    async def _find_what_is_left(self) -> None:
        partitions = list(self._stores)
        starts = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        for partition, store in self._stores.items():
            if store.position and not starts[partition] <= store.position <= ends[partition]:
                log.warning(
                    "memories begin anew: the changelog is not the one they came from",
                    changelog=partition.topic,
                    partition=partition.partition,
                    position=store.position,
                    start=starts[partition],
                    end=ends[partition],
                )
                store.clear()
            if ends[partition] > max(store.position, starts[partition]):
                self._left[partition] = ends[partition]
        self._starts = {each: max(self._stores[each].position, starts[each]) for each in self._left}

    async def _take_up(self) -> None:
        self._consumer.assign(list(self._left))
        for partition, start in self._starts.items():
            self._consumer.seek(partition, start)
        moved = reported = time.monotonic()
        while self._left:
            found = await self._consumer.getmany(timeout_ms=_READ_MS, max_records=_LARGEST_READ)
            for partition, records in found.items():
                self._stores[partition].recover(records, records[-1].offset + 1)
                self.records += len(records)
            now = time.monotonic()
            if await self._strike_off() or found:
                moved = now
            if now - moved > STALL_SECONDS:
                raise RecoveryStalled(self._stalled())
            if now - reported > _REPORT_SECONDS:
                reported = now
                log.info("memories are being recovered", records=self.records, partitions_left=len(self._left))
            await asyncio.sleep(0)

    async def _strike_off(self) -> bool:
        """Strike off partitions that are read to their end; markers and compaction leave no record there."""
        done = False
        for partition, end in list(self._left.items()):
            position = await self._consumer.position(partition)
            if position >= end:
                self._stores[partition].recover((), position)
                del self._left[partition]
                done = True
        return done

    def _stalled(self) -> str:
        names = ", ".join(f"{each.topic} partition {each.partition}" for each in self._left)
        return f"nothing came from {names} for {STALL_SECONDS:.0f} s: look into the broker's log, and start again"


class BatchRecovery(Recovery):
    """Runs once after each rebalance, and anew if another overtakes it."""

    @Service.task
    async def _restart_recovery(self) -> None:
        while not self.should_stop:
            if await self.wait_for_stopped(self.signal_recovery_start):
                return
            self.signal_recovery_start.clear()
            try:
                self._set_recovery_started()
                await self._wait(self._recover())
                await self._wait(self.on_recovery_completed(self._generation_id))
            except (RebalanceAgain, IllegalStateError):
                log.info("recovery begins again: partitions were dealt out anew")
            except ServiceStopped:
                return
            except Exception as error:
                log.exception("recovery failed")
                await self.app.crash(error)
                raise

    @Service.task
    async def _slurp_changelogs(self) -> None:
        """Take nothing from Faust's own queue: its consumer never reads changelogs."""

    @Service.task
    async def _publish_stats(self) -> None:
        """Keep quiet: Faust's statistics know nothing of this recovery."""

    async def _recover(self) -> None:
        started = time.monotonic()
        held = set(self.active_tps)
        stores = await self._open_stores(held)
        records = 0
        if stores:
            reader = ChangelogReader(self.app.open_changelogs(), stores)
            await reader.read()
            records = reader.records
        for table in self.tables.values():
            table.mark_recovered()
        seconds = round(time.monotonic() - started, 3)
        log.info("memories recovered", records=records, partitions=len(held), seconds=seconds)

    async def _open_stores(self, held: set[TP]) -> dict[TopicPartition, Store]:
        """Let partitions go that left, and open those that came; kept ones need only what is new."""
        identities = await asyncio.to_thread(self.app.identify, sorted({tp.topic for tp in held}))
        partitions: defaultdict[str, set[int]] = defaultdict(set)
        for tp in held:
            partitions[tp.topic].add(tp.partition)
        stores: dict[TopicPartition, Store] = {}
        for table in self.tables.values():
            topic = table.changelog_topic_name
            held_stores: dict[int, Store] = table.hold(partitions[topic], identities.get(topic, ""))
            for partition, store in held_stores.items():
                stores[TopicPartition(topic, partition)] = store
        return stores


class BatchTableManager(TableManager):
    """Faust's, with the recovery above."""

    _recovery: BatchRecovery | None

    @property
    def recovery(self) -> BatchRecovery:
        """Return the one recovery, made when first asked for."""
        if self._recovery is None:
            self._recovery = BatchRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
