"""One lane per partition: batches are computed as they come, and their effects applied strictly in order.

A batch is acknowledged after its effects. Whatever goes wrong in between ends the process: going on past a
failed batch would hide it behind the next one's offsets, whereas a restart resumes at the last commit.
"""

import asyncio
import time
from typing import Any, Protocol

import structlog

from stream.batching.app import BatchApp
from stream.batching.batch import Batch, BatchMessage

log = structlog.get_logger(__name__)


class Effects(Protocol):
    """What one batch leads to, ready to be carried out."""

    async def apply(self) -> None:
        """Carry the effects out and return when they are durable."""


class Stage(Protocol):
    """Pure work on a batch, and its effects."""

    async def compute(self, batch: Batch) -> Effects:
        """Work out the effects of a batch. For one partition, called in the order of offsets."""


class Lanes:
    """Runs a stage over the batches of all partitions that this worker holds."""

    def __init__(self, app: BatchApp, stage: Stage) -> None:
        self._app = app
        self._stage = stage
        self._tails: dict[int, asyncio.Task[None]] = {}
        self._since = time.monotonic()
        self._last: dict[int, float] = {}

    def last_batch(self, partition: int) -> float:
        """Return when (`time.monotonic`) the partition's last batch was taken up, or the lanes were made."""
        return self._last.get(partition, self._since)

    async def run(self, stream: Any) -> None:
        """Consume an agent's stream until it ends."""
        async for event in stream.noack().events():
            for message in self._app.consumer.unpack(event.message):
                partition = message.partition
                self._last[partition] = time.monotonic()
                previous = self._tails.get(partition)
                self._tails[partition] = asyncio.create_task(self._carry(message, previous))

    async def idle(self) -> None:
        """Return once every batch that was taken up is finished."""
        await asyncio.gather(*self._tails.values(), return_exceptions=True)

    async def _carry(self, message: BatchMessage, previous: asyncio.Task[None] | None) -> None:
        consumer = self._app.consumer
        try:
            if consumer.is_stale(message):
                consumer.abandon(message)
                return
            effects = await self._stage.compute(message.value)
            if previous is not None:
                await previous
            await effects.apply()
            self._conclude(message, effects)
        except asyncio.CancelledError:
            consumer.abandon(message)
            raise
        except Exception as error:
            log.exception("stage failed", topic=message.topic, partition=message.partition)
            await self._app.crash(error)
            raise

    def _conclude(self, message: BatchMessage, effects: Any) -> None:
        """Acknowledge a batch whose effects are durable."""
        self._app.consumer.finish(message)
