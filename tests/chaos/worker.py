"""The command line with named fault points: `python -m tests.chaos.worker ORDERS [FAULT] worker`.

It wraps single names of the product, for tests alone. Names that are gone, and points that a batch passes without
meeting them, end the worker with a message: a chaos test without its faults would prove nothing.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

import stream.stages.steps as effects_room
from scripts.main import main
from stream.batching.consumer import BatchConsumer
from stream.batching.table import BatchTable
from stream.stages.steps import AssessEffects
from stream.topics import ENRICHED
from tests.chaos.orders import Order, OrderBox
from tests.chaos.plan import Kind, Point
from tests.pipeline.faulty import FAULTS

MISSED = 3
"""Exit code of a worker that was told to meet a point and did not."""


class Saboteur:
    """Carries an order out when the assess stage comes to its point."""

    def __init__(self, box: OrderBox) -> None:
        self._box = box
        self._order: ContextVar[Order | None] = ContextVar("order", default=None)
        self._writing: ContextVar[bool] = ContextVar("writing", default=False)

    def install(self) -> None:
        """Wrap what the order of effects calls."""
        setattr(AssessEffects, "apply", self._apply(AssessEffects.apply))  # noqa: B010 - frozen for mypy
        send = vars(effects_room)["send_records"]
        setattr(effects_room, "send_records", self._send_outputs(send))  # noqa: B010 - not exported
        setattr(BatchTable, "persist", self._persist(BatchTable.persist))  # noqa: B010 - a method
        setattr(AIOKafkaProducer, "send_batch", self._send_memories(AIOKafkaProducer.send_batch))  # noqa: B010
        setattr(BatchConsumer, "finish", self._finish(BatchConsumer.finish))  # noqa: B010 - a method

    def _apply(self, apply: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def wrapped(effects: AssessEffects) -> None:
            order = self._box.look() if any(step.assessments for step in effects.steps) else None
            self._order.set(order)
            self._meet(Point.BEFORE_2)
            await apply(effects)
            left = self._order.get()
            if left is not None and left.point is not Point.BETWEEN_3_AND_4:
                sys.stderr.write(f"a whole batch was written without passing {left.point}\n")
                sys.stderr.flush()
                os._exit(MISSED)

        return wrapped

    def _send_outputs(self, send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def wrapped(*arguments: Any) -> Any:
            deliveries = await send(*arguments)
            if self._is_due(Point.INSIDE_2):
                await asyncio.gather(*deliveries)
                self._meet(Point.INSIDE_2)
            return deliveries

        return wrapped

    def _persist(self, persist: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def wrapped(*arguments: Any) -> None:
            self._meet(Point.BETWEEN_2_AND_3)
            self._writing.set(True)
            try:
                await persist(*arguments)
            finally:
                self._writing.set(False)

        return wrapped

    def _send_memories(self, send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def wrapped(*arguments: Any, **named: Any) -> Any:
            delivery = await send(*arguments, **named)
            order = self._order.get()
            if order is not None and self._writing.get() and self._is_due(Point.INSIDE_3):
                await asyncio.sleep(order.delay_ms / 1000)
                self._meet(Point.INSIDE_3)
            return delivery

        return wrapped

    def _finish(self, finish: Callable[..., None]) -> Callable[..., None]:
        def wrapped(consumer: BatchConsumer, message: Any) -> None:
            if message.topic == ENRICHED:
                self._meet(Point.BETWEEN_3_AND_4)
            finish(consumer, message)

        return wrapped

    def _is_due(self, point: Point) -> bool:
        order = self._order.get()
        return order is not None and order.point is point

    def _meet(self, point: Point) -> None:
        """Carry the order out if it names this point."""
        order = self._order.get()
        if order is None or order.point is not point:
            return
        self._order.set(None)
        # Batches of other partitions may have seen the same order; it is carried out once.
        if self._box.take():
            os.kill(os.getpid(), signal.SIGKILL if order.kind is Kind.DIE else signal.SIGSTOP)


if __name__ == "__main__":
    box = OrderBox(Path(sys.argv.pop(1)))
    if sys.argv[1] in FAULTS:
        FAULTS[sys.argv.pop(1)]()
    Saboteur(box).install()
    main()
