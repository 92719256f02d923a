"""Where lanes of several partitions write to the same partitions: what they send at one moment goes out together.

aiokafka sends one record batch of a partition at a time: if each lane had its own, it would wait for those of the
others, an answer of the broker each.
"""

import asyncio
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from aiokafka import AIOKafkaProducer

from stream.batching.producer import Outgoing, send_records

Target = tuple[str, int]
"""Topic and partition."""


class _Parcel(NamedTuple):
    """What one lane sends, and whom to tell once the broker has it."""

    records: Sequence[Outgoing]
    delivered: asyncio.Future[None]


class Outbox:
    """Joins what is sent to a partition while an answer for it is awaited, in the order in which it comes."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._waiting: dict[Target, list[_Parcel]] = {}
        self._busy: dict[Target, asyncio.Task[None]] = {}

    def send(self, topic: str, partition: int, records: Sequence[Outgoing]) -> asyncio.Future[None]:
        """Queue records in order; the future is done once the broker has them, or raises why it has not."""
        target = topic, partition
        parcel = _Parcel(records, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(target, []).append(parcel)
        if target not in self._busy:
            # It begins in the next turn of the event loop: whoever sends in this one is in time.
            self._busy[target] = asyncio.create_task(self._deliver(target))
        return parcel.delivered

    async def _deliver(self, target: Target) -> None:
        while parcels := self._waiting.pop(target, None):
            together = chain.from_iterable(parcel.records for parcel in parcels)
            try:
                await asyncio.gather(*await send_records(self._producer, *target, together))
            except Exception as error:
                for parcel in parcels:
                    if not parcel.delivered.done():
                        parcel.delivered.set_exception(error)
            else:
                for parcel in parcels:
                    if not parcel.delivered.done():
                        parcel.delivered.set_result(None)
        del self._busy[target]
