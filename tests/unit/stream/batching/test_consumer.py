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
from stream.batching.lost import LOST_SECONDS
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
        self.lost: set[TP] = set()
        """Partitions of which batches got lost: what was finished behind them comes again, too."""
        self.highest: dict[TP, int] = {}
        """The most that was committed."""
        self.generation = 0
        self.now = 0.0

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

    @rule(size=sizes, skipping=st.booleans())
    def deliver_and_lose(self, size: int, skipping: bool) -> None:
        """Batches vanish before they come to their stages; nobody is told, or Faust says that it skips them."""
        self.loop.run_until_complete(self._deliver_and_lose(size, skipping))

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

    @rule()
    def commit_in_vain(self) -> None:
        """The group is about to rebalance: the coordinator refuses, and Faust goes on as if it had not."""
        self.thread.refuses_commits = True
        self.loop.run_until_complete(self.consumer.commit())
        self.thread.refuses_commits = False

    @rule(tp=partitions, offsets=st.integers(1, 20))
    def forget(self, tp: TP, offsets: int) -> None:
        """From now on the coordinator tells less than this worker knows the group to have."""
        self.thread.forgets[tp] = offsets

    @rule(kept=st.sets(partitions), finishing=st.sampled_from(("now", "late", "never")))
    def rebalance(self, kept: set[TP], finishing: str) -> None:
        """All partitions are revoked, some come back; stages finish what is under way, or let go of it."""
        self.loop.run_until_complete(self._rebalance(kept, finishing))

    @rule()
    def rebalance_in_vain(self) -> None:
        """A commit of before is answered only when partitions are back and were sought to where they go on."""
        self.loop.run_until_complete(self._rebalance_around_a_commit())

    @rule()
    def look_for_what_is_lost(self) -> None:
        self.loop.run_until_complete(self._read_again())

    @rule(kept=st.sets(partitions))
    def crash(self, kept: set[TP]) -> None:
        self.loop.run_until_complete(self._start(kept))

    @invariant()
    def nothing_unfinished_is_committed(self) -> None:
        for tp, committed in self.broker.committed.items():
            missing = [each for each in self.broker.logs[tp] if each < committed and each not in self.finished[tp]]
            assert not missing, f"{tp}: {missing} lie before the commit {committed} and were never finished"

    @invariant()
    def no_commit_goes_back(self) -> None:
        for tp, committed in self.broker.committed.items():
            assert committed >= self.highest.get(tp, 0)
            self.highest[tp] = committed

    @rule()
    def drain(self) -> None:
        """Left alone, the worker finishes everything there is, and commits it, though nothing comes any more."""
        self.loop.run_until_complete(self._drain())
        for tp in self.thread.assigned:
            assert self.finished[tp] >= set(self.broker.logs[tp])
            if self.broker.logs[tp]:
                assert self.broker.committed[tp] > self.broker.logs[tp][-1]

    # -- how these come about

    async def _start(self, tps: set[TP]) -> None:
        self.thread = ModelThread(self.broker)
        self.app = BatchApp("model", fetch_wait_ms=1, batch_max_records=3, broker="kafka://127.0.0.1:1")
        self.app.batched_topics.append("payments")
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
            self.lost.discard(tp)
        await self.consumer.on_partitions_assigned(set(tps), self.generation)
        await self.consumer.perform_seek()
        self.app.rebalancing = False
        self.consumer.resume_flow()

    async def _fetch(self, size: int) -> None:
        self.thread.fetch_size = size
        if not self.thread.assigned:
            return
        async for tp, message in self.consumer.getmany(timeout=0.0):
            read = self.consumer._read_offset[tp]
            # As in Faust, which takes it for something that came before.
            assert read is None or message.offset >= read, "Faust drops a batch"
            self.consumer._read_offset[tp] = message.offset
            self.consumer.track_message(message)
            for each in self.consumer.unpack(message):
                self._check(each.tp, each)
                self.waiting[each.tp].append(each)

    def _check(self, tp: TP, message: Any) -> None:
        batch = message.value
        inside = [each for each in self.broker.logs[tp] if batch.first_offset <= each < batch.end_offset]
        assert [record.offset for record in batch.records] == inside
        again = self.applied[tp].intersection(inside)
        assert not again or tp in self.lost, f"{tp}: {sorted(again)} came again though they had been finished"

    async def _fetch_and_drop(self, size: int) -> None:
        self.thread.fetch_size = size
        await self.thread.getmany(self.consumer._wanted(self.thread.assignment()), 0.0)

    async def _deliver_and_lose(self, size: int, skipping: bool) -> None:
        self.thread.fetch_size = size
        if not self.thread.assigned:
            return
        async for _, message in self.consumer.getmany(timeout=0.0):
            self.lost.update(TP(each.topic, each.partition) for each in message.value)
            if skipping:
                self.consumer.track_message(message)
                self.consumer.ack(message)

    async def _read_again(self) -> None:
        for _ in range(2):
            await self.consumer.read_again(self.now)
            self.now += LOST_SECONDS

    def _finish(self, message: Any) -> None:
        if self.consumer.is_stale(message):
            self.consumer.abandon(message)
            return
        offsets = {record.offset for record in message.value.records}
        self.finished[message.tp] |= offsets
        self.applied[message.tp] |= offsets
        self.consumer.finish(message)

    async def _rebalance(self, kept: set[TP], finishing: str) -> None:
        await self._revoke(finishing)
        await self._assign(kept)

    async def _revoke(self, finishing: str) -> None:
        self.app.rebalancing = True
        self.consumer.stop_flow()
        for messages in self.waiting.values():
            while messages and finishing != "late":
                message = messages.popleft()
                if finishing == "now":
                    self.finished[message.tp] |= {record.offset for record in message.value.records}
                    self.consumer.finish(message)
                else:
                    self.consumer.abandon(message)
        await self.consumer.commit()
        await self.consumer.on_partitions_revoked(self.thread.assignment())

    async def _rebalance_around_a_commit(self) -> None:
        held = self.thread.assignment()
        answer = self.thread.answer = asyncio.Event()
        waiting = asyncio.ensure_future(self.consumer.commit())
        await asyncio.sleep(0)
        self.app.rebalancing = True
        self.consumer.stop_flow()
        for messages in self.waiting.values():
            while messages:
                self.consumer.abandon(messages.popleft())
        await self.consumer.on_partitions_revoked(held)
        await self._assign(held)
        answer.set()
        await waiting
        self.thread.answer = None

    async def _drain(self) -> None:
        for _ in range(EVERY_STEP):
            for messages in self.waiting.values():
                while messages:
                    self._finish(messages.popleft())
            await self._fetch(5)
            await self.consumer.commit()
            if not any(self.waiting.values()):
                await self._read_again()
                if self._is_read():
                    break

    def _is_read(self) -> bool:
        logs = self.broker.logs
        return all(not logs[tp] or self.broker.committed.get(tp, 0) > logs[tp][-1] for tp in self.thread.assigned)


def test_what_was_dropped_twice_is_no_hole():
    machine = ConsumerMachine()
    machine.start()
    machine.append_and_fetch(TPS[0], records=8, hole=0, compacted=False, size=1)
    for _ in range(2):
        machine.fetch_and_drop(size=2)
        machine.fetch(size=2)
    machine.drain()
    assert machine.finished[TPS[0]] == set(range(8))
    machine.teardown()


async def _nothing(*arguments: Any, **named: Any) -> None:
    """Faust's own callbacks have no part in this."""


TestConsumer = ConsumerMachine.TestCase
TestConsumer.settings = settings(
    max_examples=100, stateful_step_count=25, deadline=None, derandomize=True, database=None
)
