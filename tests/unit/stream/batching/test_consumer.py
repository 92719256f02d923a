"""The batch consumer against a model of a broker, through any order of what can happen to it."""

import asyncio
from collections import defaultdict, deque
from typing import Any

from faust.types import TP
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stream.batching.app import BatchApp
from stream.batching.consumer import BatchConsumer
from tests.unit.stream.batching.broker_model import ModelBroker, ModelThread

TPS = (TP("payments", 0), TP("payments", 1))
EVERY_STEP = 200
"""More than any backlog a run can build up takes to drain."""
partitions = st.sampled_from(TPS)
sizes = st.integers(1, 7)


class ModelConsumer(BatchConsumer):
    """The product's consumer on a thread of the model."""

    def __init__(self, thread: ModelThread, *arguments: Any, **named: Any) -> None:
        self._model = thread
        super().__init__(*arguments, **named)

    def _new_consumer_thread(self) -> Any:
        return self._model

    def add_dependency(self, service: Any) -> Any:
        """Nothing is started: the machine below is the only one who acts."""
        return service


class ConsumerMachine(RuleBasedStateMachine):
    """A worker that reads, finishes, commits, loses and regains partitions, crashes and starts anew."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.broker = ModelBroker(TPS)
        self.finished: defaultdict[TP, set[int]] = defaultdict(set)
        self.applied: defaultdict[TP, set[int]] = defaultdict(set)
        """Offsets finished since the partition was last assigned: none may come a second time."""
        self.generation = 0

    def teardown(self) -> None:
        self.loop.close()
        asyncio.set_event_loop(None)

    @initialize()
    def start(self) -> None:
        self.loop.run_until_complete(self._start(set(TPS)))

    @rule(tp=partitions, records=st.integers(1, 8), hole=st.integers(0, 2), compacted=st.booleans(), size=sizes)
    def append_and_fetch(self, tp: TP, records: int, hole: int, compacted: bool, size: int) -> None:
        """Some of what is not read yet may be compacted away, but never the last record."""
        self.broker.append(tp, records, hole)
        if compacted and records > 2:
            self.broker.compact(tp, self.broker.logs[tp][-2])
        self.loop.run_until_complete(self._fetch(size))

    @rule(size=sizes)
    def fetch(self, size: int) -> None:
        self.loop.run_until_complete(self._fetch(size))

    @rule(size=sizes)
    def fetch_and_drop(self, size: int) -> None:
        """Faust drops what was fetched when a rebalance overtakes it; the position stays behind the dropped."""
        self.loop.run_until_complete(self._fetch_and_drop(size))

    @rule(tp=partitions, newest=st.booleans())
    def finish(self, tp: TP, newest: bool) -> None:
        """The archive and the side path let later batches overtake earlier ones."""
        if self.waiting[tp]:
            self._finish(self.waiting[tp].pop() if newest else self.waiting[tp].popleft())

    @rule(tp=partitions)
    def release_oldest(self, tp: TP) -> None:
        if self.waiting[tp]:
            self.consumer.release(self.waiting[tp][0])

    @rule()
    def commit(self) -> None:
        self.loop.run_until_complete(self.consumer.commit())

    @rule(kept=st.sets(partitions), finishing=st.booleans())
    def rebalance(self, kept: set[TP], finishing: bool) -> None:
        """All partitions are revoked, some come back; stages finish what is under way, or let go of it."""
        self.loop.run_until_complete(self._rebalance(kept, finishing))

    @rule(kept=st.sets(partitions))
    def crash(self, kept: set[TP]) -> None:
        self.loop.run_until_complete(self._start(kept))

    @invariant()
    def nothing_unfinished_is_committed(self) -> None:
        for tp, committed in self.broker.committed.items():
            missing = [each for each in self.broker.logs[tp] if each < committed and each not in self.finished[tp]]
            assert not missing, f"{tp}: {missing} lie before the commit {committed} and were never finished"

    @rule()
    def drain(self) -> None:
        """Left alone, the worker finishes everything there is, and commits it.

        What was dropped last is missed when something comes after it.
        """
        for tp in self.thread.assigned:
            self.broker.append(tp, 1, 0)
        self.loop.run_until_complete(self._drain())
        for tp in self.thread.assigned:
            assert self.finished[tp] >= set(self.broker.logs[tp])
            assert self.broker.committed[tp] > self.broker.logs[tp][-1]

    # -- how these come about

    async def _start(self, tps: set[TP]) -> None:
        self.thread = ModelThread(self.broker)
        self.app = BatchApp("model", fetch_wait_ms=1, batch_max_records=3, broker="kafka://127.0.0.1:1")
        self.app.batched_topics.add("payments")
        self.consumer = ModelConsumer(
            self.thread,
            self.app.transport,
            _nothing,
            on_partitions_revoked=_nothing,
            on_partitions_assigned=_nothing,
        )
        self.app.consumer = self.consumer
        self.waiting: defaultdict[TP, deque[Any]] = defaultdict(deque)
        await self._assign(tps)

    async def _assign(self, tps: set[TP]) -> None:
        self.generation += 1
        self.app.consumer_generation_id = self.generation
        self.thread.assign(tps)
        for tp in tps:
            self.applied[tp].clear()
        await self.consumer.on_partitions_assigned(set(tps), self.generation)
        await self.consumer.perform_seek()
        self.app.rebalancing = False
        self.consumer.resume_flow()

    async def _fetch(self, size: int) -> None:
        self.thread.fetch_size = size
        if not self.thread.assigned:
            return
        async for tp, message in self.consumer.getmany(timeout=0.0):
            self.consumer.track_message(message)
            self._check(tp, message)
            self.waiting[tp].append(message)

    def _check(self, tp: TP, message: Any) -> None:
        batch = message.value
        inside = [each for each in self.broker.logs[tp] if batch.first_offset <= each < batch.end_offset]
        assert [record.offset for record in batch.records] == inside
        again = self.applied[tp].intersection(inside)
        assert not again, f"{tp}: {sorted(again)} were delivered again after they had been finished"

    async def _fetch_and_drop(self, size: int) -> None:
        self.thread.fetch_size = size
        await self.thread.getmany(self.consumer._wanted(self.thread.assignment()), 0.0)

    def _finish(self, message: Any) -> None:
        if self.consumer.is_stale(message):
            self.consumer.abandon(message)
            return
        offsets = {record.offset for record in message.value.records}
        self.finished[message.tp] |= offsets
        self.applied[message.tp] |= offsets
        self.consumer.finish(message)

    async def _rebalance(self, kept: set[TP], finishing: bool) -> None:
        self.app.rebalancing = True
        self.consumer.stop_flow()
        for messages in self.waiting.values():
            while messages:
                message = messages.popleft()
                if finishing:
                    self.finished[message.tp] |= {record.offset for record in message.value.records}
                    self.consumer.finish(message)
                else:
                    self.consumer.abandon(message)
        await self.consumer.commit()
        await self.consumer.on_partitions_revoked(self.thread.assignment())
        await self._assign(kept)

    async def _drain(self) -> None:
        for _ in range(EVERY_STEP):
            for messages in self.waiting.values():
                while messages:
                    self._finish(messages.popleft())
            await self._fetch(5)
            if not any(self.waiting.values()) and self._is_read():
                break
        await self.consumer.commit()

    def _is_read(self) -> bool:
        return all(self.thread.positions[tp] > self.broker.logs[tp][-1] for tp in self.thread.assigned)


async def _nothing(*arguments: Any, **named: Any) -> None:
    """Faust's own callbacks have no part in this."""


TestConsumer = ConsumerMachine.TestCase
TestConsumer.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
