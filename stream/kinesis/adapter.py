"""The life of one adapter: find its shards, follow each, take up children when their parents have ended, stop.

It ends on the first failure: a restart goes on at the checkpoints, and what comes twice is skipped by its origin.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal, get_args

import structlog

from stream.enrichment import GeoResolver
from stream.enrichment.building import build_resolver
from stream.errors import RecordsLost
from stream.kinesis.checkpoints import CheckpointLog
from stream.kinesis.conversion import Converter
from stream.kinesis.following import Follower, Ground, Totals
from stream.kinesis.sending import Sender
from stream.kinesis.service import KinesisStream, StreamFacts
from stream.kinesis.shards import Checkpoint, Shard, Share, expired, readable, start_of
from stream.settings import Settings
from stream.topic_ids import split_source

log = structlog.get_logger(__name__)

LIST_SECONDS = 5.0
"""How often the shards are listed while none has ended here."""
LOOK_SECONDS = 0.5
TELL_SECONDS = 10.0
THREADS = 10
"""That wait for Kinesis: as many connections as boto3 keeps."""
PAGES = 16
"""In memory at most, of up to 10 MiB each."""
ADVICE = "nothing is read from elsewhere until somebody says so: --accept-loss goes on with what there is"

Named = Literal["trim-horizon", "latest"]
NAMED: tuple[Named, ...] = get_args(Named)
From = Named | int
"""Where to begin in shards that have no checkpoint; a number is Unix time in ms."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an adapter is asked to do."""

    begin: From = "trim-horizon"
    share: Share = field(default_factory=Share)
    once: bool = False
    accept_loss: bool = False


async def run_adapter(settings: Settings, stream: KinesisStream, plan: Plan) -> Totals:
    """Follow the stream until SIGTERM or SIGINT, or with `once` up to now; return what was done.

    Raises:
        RecordsLost: records were deleted before they were passed on, or the stream was made anew.
        KinesisError: the stream cannot be read.
        BrokerUnavailable: Kafka does not answer.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    resolver = build_resolver(settings)
    try:
        with _threads() as executor, CheckpointLog(settings) as checkpoints:
            facts = await loop.run_in_executor(executor, stream.describe)
            ground = _ground(settings, stream, plan, facts, resolver, executor, checkpoints, stopping)
            return await Adapter(ground, plan, facts).run()
    finally:
        await resolver.close()


class Adapter:
    """Keeps one follower on each shard that is to be read now."""

    def __init__(self, ground: Ground, plan: Plan, facts: StreamFacts) -> None:
        self._ground = ground
        self._plan = plan
        self._facts = facts
        self._since_ms = facts.now_ms if plan.begin == "latest" else None
        if isinstance(plan.begin, int):
            self._since_ms = plan.begin
        self._checkpoints = ground.checkpoints.of(facts.source)
        self._following: dict[asyncio.Task[None], str] = {}
        self._up_to_now: set[str] = set()
        self._told = time.monotonic()

    async def run(self) -> Totals:
        """Follow until the end; what is under way then is finished first."""
        shards, listed = await self._list(), time.monotonic()
        await self._refuse_losses(shards)
        try:
            while not self._ground.stopping.is_set():
                self._take_up(shards)
                if self._plan.once and not self._following:
                    self._tell_of_waiting(shards)
                    break
                ended = await self._wait()
                self._ground.checkpoints.catch_up()
                if ended or time.monotonic() - listed > LIST_SECONDS:
                    shards, listed = await self._list(), time.monotonic()
                self._tell()
        finally:
            await self._finish()
        return self._ground.totals

    async def _list(self) -> list[Shard]:
        """List the shards; none once the adapter is to stop."""
        return await self._ground.unless_stopped(self._ground.ask(self._ground.stream.shards)) or []

    def _take_up(self, shards: list[Shard]) -> None:
        busy = {*self._following.values(), *self._up_to_now}
        for shard in readable(shards, self._checkpoints, self._plan.share):
            if shard.id not in busy:
                start = start_of(shard, self._checkpoints, self._since_ms)
                # Nothing that arrived before a given time was asked for.
                first = Checkpoint(since_ms=start.since_ms, complete_ms=start.since_ms or 0)
                checkpoint = self._checkpoints.get(shard.id, first)
                follower = Follower(self._ground, shard, start, checkpoint)
                self._following[asyncio.create_task(follower.run())] = shard.id

    async def _wait(self) -> bool:
        """Wait a moment for followers; tell whether one has come to its end, and raise what it raised."""
        stopped = asyncio.create_task(self._ground.stopping.wait())
        try:
            done, _ = await asyncio.wait(
                (*self._following, stopped), timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            stopped.cancel()
        ended = [task for task in self._following if task in done]
        for task in ended:
            shard_id = self._following.pop(task)
            task.result()
            if not self._checkpoints[shard_id].ended:
                self._up_to_now.add(shard_id)
        return bool(ended)

    async def _finish(self) -> None:
        """Have followers finish what they send, and raise what one raised."""
        self._ground.stopping.set()
        outcomes = await asyncio.gather(*self._following, return_exceptions=True)
        self._tell(last=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _refuse_losses(self, shards: list[Shard]) -> None:
        """Raise unless nothing was lost since the last run, or that is accepted."""
        if self._ground.stopping.is_set():
            return
        name = self._ground.stream.name
        lost = expired(shards, self._checkpoints, self._plan.share, self._oldest_ms())
        told = [f"{name}, {message}" for message in lost.values()]
        if before := self._replaced():
            told.append(f"the Kinesis stream {name} was made anew ({before} became {self._facts.source})")
        if told and not self._plan.accept_loss:
            raise RecordsLost("; ".join([*told, ADVICE]))
        for message in told:
            log.warning("a loss is accepted", loss=message)
        listed = {shard.id for shard in shards}
        for shard_id in lost:
            await self._ground.write(shard_id, Checkpoint(ended=shard_id not in listed))

    def _replaced(self) -> str | None:
        """Return the source that the checkpoints know, if it is another stream of the same name only."""
        if self._checkpoints:
            return None
        name, _ = split_source(self._facts.source)
        known = {each for each in self._ground.checkpoints.sources() if split_source(each)[0] == name}
        return max(known - {self._facts.source}, default=None)

    def _oldest_ms(self) -> int:
        return self._facts.now_ms - self._facts.retention_ms

    def _tell_of_waiting(self, shards: list[Shard]) -> None:
        settled = {*self._up_to_now, *(each for each, at in self._checkpoints.items() if at.ended)}
        waiting = [each.id for each in shards if self._plan.share.owns(each.id) and each.id not in settled]
        if waiting:
            log.warning("left for later: their parents are other adapters' and have not ended", shards=waiting)

    def _tell(self, last: bool = False) -> None:
        now, totals = time.monotonic(), self._ground.totals
        if last or now - self._told >= TELL_SECONDS:
            self._told = now
            behind = max(totals.behind_ms.values(), default=0)
            log.info(
                "stopped" if last else "progress",
                records=totals.records,
                dead_letters=totals.dead_letters,
                shards=len(self._following),
                behind_ms=behind,
            )


def _ground(
    settings: Settings,
    stream: KinesisStream,
    plan: Plan,
    facts: StreamFacts,
    resolver: GeoResolver,
    executor: Executor,
    checkpoints: CheckpointLog,
    stopping: asyncio.Event,
) -> Ground:
    return Ground(
        stream=stream,
        source=facts.source,
        retention_ms=facts.retention_ms,
        converter=Converter(facts.source, resolver, settings.partitions),
        sender=Sender(settings),
        checkpoints=checkpoints,
        executor=executor,
        pages=asyncio.Semaphore(PAGES),
        stopping=stopping,
        totals=Totals(),
        partitions=settings.partitions,
        poll_seconds=settings.kinesis_poll_seconds,
        read_records=settings.kinesis_read_records,
        once=plan.once,
    )


@contextlib.contextmanager
def _threads() -> Iterator[Executor]:
    """Give threads that nobody waits for at the end: a read that hangs may take a minute."""
    executor = ThreadPoolExecutor(THREADS, thread_name_prefix="kinesis")
    try:
        yield executor
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
