"""The Faust application of the batch path: it knows which topics are batched, and ignores the environment."""

from collections.abc import Awaitable, Callable
from typing import Any

import faust
from faust.types import TP

from stream.batching.batch import BatchSchema
from stream.batching.consumer import BATCHES_IN_FLIGHT, BatchTransport
from stream.batching.table import BatchTable


class ExplicitSettings(faust.Settings):
    """Faust's settings without its unprefixed environment names, so that a stray variable changes nothing."""

    def getenv(self, env_name: str) -> Any:
        """Return None for every name."""
        return None


class BatchApp(faust.App):
    """A Faust app whose batched topics deliver `Batch` values to their agents."""

    Settings = ExplicitSettings

    def __init__(self, *args: Any, fetch_wait_ms: int, batch_max_records: int, **kwargs: Any) -> None:
        self.batched_topics: set[str] = set()
        self.fetch_wait_ms = fetch_wait_ms
        self.batch_max_records = batch_max_records
        self.revocation_hooks: list[Callable[[set[TP]], Awaitable[None]]] = []
        kwargs.setdefault("Table", BatchTable)
        super().__init__(*args, **kwargs)

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)

    def batch_topic(self, name: str, partitions: int) -> Any:
        """Declare a topic whose agent receives batches. The queue holds all that can be in flight."""
        self.batched_topics.add(name)
        queue = 4 * BATCHES_IN_FLIGHT * partitions
        return self.topic(name, schema=BatchSchema(), maxsize=queue, partitions=partitions)

    async def on_batches_revoked(self, revoked: set[TP]) -> None:
        """Let stages that hold batches back let go of them before partitions leave."""
        for hook in self.revocation_hooks:
            await hook(revoked)
