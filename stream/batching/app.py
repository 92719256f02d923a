"""The Faust application of the batch path: it knows which topics are batched, and ignores the environment."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer
from faust.types import TP

from stream.batching.batch import BatchSchema
from stream.batching.consumer import BATCHES_IN_FLIGHT, BatchTransport
from stream.batching.recovery import BatchTableManager
from stream.batching.table import BatchTable


class ExplicitSettings(faust.Settings):
    """Faust's settings without its unprefixed environment names, so that a stray variable changes nothing."""

    def getenv(self, env_name: str) -> Any:
        """Return None for every name."""
        return None


class BatchApp(faust.App):
    """A Faust app whose batched topics deliver `Batch` values to their agents.

    `open_changelogs` makes a consumer that memories are recovered with; `identify` tells topics of one name apart.
    """

    Settings = ExplicitSettings

    def __init__(
        self,
        *args: Any,
        fetch_wait_ms: int,
        batch_max_records: int,
        open_changelogs: Callable[[], AIOKafkaConsumer] = AIOKafkaConsumer,
        identify: Callable[[Sequence[str]], Mapping[str, str]] = lambda topics: {},
        **kwargs: Any,
    ) -> None:
        self.batched_topics: list[str] = []
        """As they were declared; what comes at one moment is delivered in this order."""
        self.lingers: dict[str, float] = {}
        """Seconds between two deliveries of a partition, of topics that are in no hurry."""
        self.fetch_wait_ms = fetch_wait_ms
        self.batch_max_records = batch_max_records
        self.revocation_hooks: list[Callable[[set[TP]], Awaitable[None]]] = []
        self.assignment_hooks: list[Callable[[set[TP], int], Awaitable[None]]] = []
        self.resume_hooks: list[Callable[[Mapping[TP, int | None]], Awaitable[None]]] = []
        """Awaited before batches come, with the offset committed for each batched partition (None: none is)."""
        self.step_back_hooks: list[Callable[[TP, int], Awaitable[None]]] = []
        """Awaited when records come from before the offset that a partition had come to."""
        self.open_changelogs = open_changelogs
        self.identify = identify
        kwargs.setdefault("Table", BatchTable)
        kwargs.setdefault("TableManager", BatchTableManager)
        super().__init__(*args, **kwargs)

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)

    def batch_topic(self, name: str, partitions: int, linger: float | None = None) -> Any:
        """Declare a topic whose agent receives batches. The queue holds all that can be in flight.

        `linger`, in seconds, makes batches larger and fewer where nobody waits for what comes of them.
        """
        self.batched_topics.append(name)
        if linger is not None:
            self.lingers[name] = linger
        queue = 4 * BATCHES_IN_FLIGHT * partitions
        return self.topic(name, schema=BatchSchema(), maxsize=queue, partitions=partitions)

    async def on_batches_revoked(self, revoked: set[TP]) -> None:
        """Let stages that hold batches back let go of them before partitions leave."""
        for hook in self.revocation_hooks:
            await hook(revoked)

    async def on_batches_resume(self, committed: Mapping[TP, int | None]) -> None:
        """Let those who know what was done already object to where reading goes on."""
        for hook in self.resume_hooks:
            await hook(committed)

    async def on_step_back(self, tp: TP, expected: int) -> None:
        """Let those who know the topics look whether this log is still the one that was read."""
        for hook in self.step_back_hooks:
            await hook(tp, expected)

    async def _on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Let those who write to changelogs take them over, before recovery looks how far they go."""
        try:
            for hook in self.assignment_hooks:
                await hook(assigned, generation_id)
        except Exception as error:
            await self.crash(error)
            return
        await super()._on_partitions_assigned(assigned, generation_id)
