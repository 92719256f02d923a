"""The life of one worker process: check what it needs, start, report its health, drain and stop."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Container, Coroutine
from contextlib import suppress
from typing import Any, NoReturn

import structlog

from detectors.bundle import Bundle
from detectors.drift import prepare as prepare_drift
from detectors.errors import RiskstreamError
from detectors.windows import HOUR
from stream.app import MerchantMemory, Pipeline, build_pipeline, held_partitions
from stream.health import HealthServer
from stream.metrics import Metrics
from stream.settings import Settings
from stream.topic_ids import wait_for_topic_ids

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 15.0
"""For batches under way and the archive's last objects."""
COMMIT_SECONDS = 3.0
STOP_SECONDS = 8.0
"""For leaving the group and closing connections."""
SWITCH_SECONDS = 0.001
"""After how long a thread makes room for one that waits. Python's own is five times that, and the thread that
fetches waits for the one that assesses several times a fetch."""
SETTLE_SECONDS = 1.0
"""For what is left to notice that it was cancelled. All four together stay below 30 s."""


class Worker:
    """Runs the pipeline until it is told to stop or something crashes."""

    def __init__(self, settings: Settings, bundle: Bundle, only: Container[str] | None = None) -> None:
        self._settings = settings
        self._bundle = bundle
        self._only = only
        self._metrics = Metrics()
        self._metrics.alert_budget.set(bundle.manifest.budgets.high)
        self._pipeline: Pipeline | None = None
        self._assigned = False
        self._stopping = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        """Run to the end and return the exit code: 0 after a stop, 1 after a crash."""
        self._listen_for_signals()
        client, patience = self._settings.kafka_client(), self._settings.kafka_connect_seconds
        topics = await asyncio.to_thread(wait_for_topic_ids, client, patience)
        pipeline = self._pipeline = build_pipeline(self._settings, self._bundle, self._metrics, self._only, topics)
        health = HealthServer(
            self._settings.health_host,
            self._settings.health_port,
            self._metrics.registry,
            alive=self._not_alive_because,
            ready=self._not_ready_because,
        )
        log.info("health server listens", address=await health.start())
        try:
            await self._start(pipeline)
            return await self._wait(pipeline)
        finally:
            await self._stop(pipeline)
            await health.stop()

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)

    async def _start(self, pipeline: Pipeline) -> None:
        prepare_drift()
        await pipeline.producers.outputs.start()
        await pipeline.changelog.start()
        self._in_background(self._crash_if_it_fails(pipeline, pipeline.changelog.keep_alive()))

        async def on_assigned(app: object, **kwargs: object) -> None:
            log.info("partitions assigned and recovered", count=len(held_partitions(pipeline.app)))
            if pipeline.merchants is not None:
                self._attend(pipeline, pipeline.merchants)
            self._assigned = True

        pipeline.app.on_rebalance_complete.connect(on_assigned, weak=False)
        if pipeline.merchants is not None:
            await self._learn_merchants(pipeline, pipeline.merchants)
        if not self._stopping.is_set():
            await pipeline.app.start()
            if pipeline.explaining is not None:
                pipeline.explaining.start()
        _spare_the_collector()
        sys.setswitchinterval(SWITCH_SECONDS)

    async def _learn_merchants(self, pipeline: Pipeline, merchants: MerchantMemory) -> None:
        """Fill the replica before any partition is taken on, so that nothing is assessed without it."""
        replica = merchants.replica

        def on_edge() -> None:
            self._metrics.merchant_edge.set(replica.edge * HOUR)
            merchants.reporter.report()

        replica.on_edge = on_edge
        replica.on_failure = lambda error: self._in_background(pipeline.app.crash(error))
        await replica.start()
        waits = (asyncio.create_task(replica.wait_caught_up()), asyncio.create_task(self._stopping.wait()))
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()

    def _attend(self, pipeline: Pipeline, merchants: MerchantMemory) -> None:
        """Say how far merchants are known here, and move time on, for the partitions just assigned."""
        if not self._assigned:
            for work in (merchants.reporter.run(), merchants.idle_clock.run()):
                self._in_background(self._crash_if_it_fails(pipeline, work))
        merchants.idle_clock.forget()
        merchants.reporter.report()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _crash_if_it_fails(self, pipeline: Pipeline, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            log.exception("work beside the stages failed")
            await pipeline.app.crash(error)

    async def _wait(self, pipeline: Pipeline) -> int:
        crashed = asyncio.create_task(pipeline.app._crashed.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        ticking = asyncio.create_task(self._tick())
        try:
            await asyncio.wait({crashed, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (crashed, stopping, ticking):
                task.cancel()
        if not self._stopping.is_set():
            log.error("worker crashed", reason=repr(pipeline.app._crash_reason))
            return 1
        log.info("draining")
        await self._drain(pipeline)
        return 1 if pipeline.app.crashed else 0

    async def _tick(self) -> None:
        while True:
            self._metrics.ready.set(self._not_ready_because() is None)
            await asyncio.sleep(1.0)

    async def _drain(self, pipeline: Pipeline) -> None:
        """Take no more records, finish what is under way, write the archive's rows, commit."""
        consumer = pipeline.app.consumer
        consumer.draining = True
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(*(lanes.idle() for lanes in pipeline.lanes))
                if pipeline.merchants is not None:
                    await pipeline.merchants.lanes.idle()
                if pipeline.explaining is not None:
                    await pipeline.explaining.stop()
                await asyncio.gather(*(stage.flush() for stage in pipeline.flushed))
        for stage in pipeline.flushed:
            stage.let_go()
        if pipeline.merchants is not None:
            pipeline.merchants.lanes.let_go()
        with suppress(TimeoutError):
            async with asyncio.timeout(COMMIT_SECONDS):
                await consumer.commit()

    async def _stop(self, pipeline: Pipeline) -> None:
        """Close everything. What fails or takes too long ends with the process: nothing waits for it any more."""
        for task in self._background:
            task.cancel()
        closing = asyncio.create_task(_close(pipeline))
        done, _ = await asyncio.wait({closing}, timeout=STOP_SECONDS)
        if not done or closing.cancelled() or closing.exception() is not None:
            log.warning("not everything closed in order")

    def _not_alive_because(self) -> str | None:
        pipeline = self._pipeline
        return "crashed" if pipeline is not None and pipeline.app.crashed else None

    def _not_ready_because(self) -> str | None:
        if self._stopping.is_set():
            return "stopping"
        if self._pipeline is None:
            return "starting"
        merchants = self._pipeline.merchants
        if merchants is not None and not merchants.replica.caught_up:
            return "learning merchants"
        if not self._assigned:
            return "waiting for partitions"
        if self._pipeline.app.rebalancing:
            return "rebalancing"
        if self._pipeline.app.tables.recovery.in_recovery:
            return "recovering memories"
        return None


def _spare_the_collector() -> None:
    """Keep what start-up made out of garbage collection, and collect less often.

    A batch makes tens of thousands of short-lived objects without cycles; with Python's own thresholds a fifth of
    the pipeline's time went into looking for some.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def _close(pipeline: Pipeline) -> None:
    try:
        await pipeline.app.stop()
    except asyncio.CancelledError:
        # Of nobody's asking: a crashed Faust cancels its own last commit, and leaves the group meanwhile.
        await pipeline.app.consumer.gone()
    finally:
        if pipeline.explaining is not None:
            await pipeline.explaining.stop()
        await pipeline.producers.outputs.stop()
        await pipeline.changelog.stop()
        if pipeline.merchants is not None:
            await pipeline.merchants.replica.stop()
        await pipeline.resolver.close()


def run_worker(settings: Settings, bundle: Bundle, only: Container[str] | None = None) -> int:
    """Run a worker to its end and return its exit code; the caller then ends the process with `end_process`.

    `asyncio.run` would wait for every task and thread, and after a crash some of Faust's never end.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    code = 1
    try:
        code = loop.run_until_complete(Worker(settings, bundle, only).run())
    except RiskstreamError:
        raise
    except Exception:
        # Raised any further, it would wait at the interpreter's end for threads that nobody tells to end.
        log.exception("worker failed")
    finally:
        loop.run_until_complete(_settle())
    return code


async def _settle() -> None:
    """Cancel what still runs, and give it a moment."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=SETTLE_SECONDS)


def end_process(code: int) -> NoReturn:
    """End the process at once, without waiting for threads: an upload to an S3 that hangs may take minutes."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
