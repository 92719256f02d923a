"""A broker as small as a model can be: logs with holes, the commits of one group, and a worker's reading thread.

The thread stands where Faust's consumer thread stands, so that everything above it is the product's own code.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiokafka.structs import ConsumerRecord
from faust.types import TP


def record_at(tp: TP, offset: int) -> ConsumerRecord:
    """A record of nothing in particular."""
    return ConsumerRecord(tp.topic, tp.partition, offset, 0, 0, b"key", b"value", None, 3, 5, ())


@dataclass
class ModelBroker:
    """Offsets of the records that exist, by partition, and what the group has committed."""

    tps: tuple[TP, ...]
    logs: dict[TP, list[int]] = field(init=False)
    ends: dict[TP, int] = field(init=False)
    committed: dict[TP, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.logs = {tp: [] for tp in self.tps}
        self.ends = dict.fromkeys(self.tps, 0)

    def append(self, tp: TP, records: int, hole: int) -> None:
        """Append records, and after them a hole as transaction markers leave it."""
        end = self.ends[tp]
        self.logs[tp] += range(end, end + records)
        self.ends[tp] = end + records + hole

    def compact(self, tp: TP, offset: int) -> None:
        """Take a record out of the middle."""
        self.logs[tp] = [each for each in self.logs[tp] if each != offset]


class ModelThread:
    """Reads for one worker: positions run ahead of what the worker has taken note of."""

    def __init__(self, broker: ModelBroker) -> None:
        self.broker = broker
        self.assigned: set[TP] = set()
        self.positions: dict[TP, int] = {}
        self.fetch_size = 1
        self.refuses_commits = False
        self.answer: asyncio.Event | None = None
        """What the answer to a commit waits for."""
        self.takes: Counter[TP] = Counter()
        self.forgets: dict[TP, int] = {}
        """How many offsets less than the group has the coordinator tells."""

    def assign(self, tps: Iterable[TP]) -> None:
        """Take on partitions; like aiokafka, those that were held before are fetched from the commit again."""
        self.assigned = set(tps)
        self.positions = {tp: self.broker.committed.get(tp, 0) for tp in self.assigned}

    def assignment(self) -> set[TP]:
        return set(self.assigned)

    def seek(self, tp: TP, offset: int) -> None:
        self.positions[TP(*tp)] = offset

    async def seek_to_committed(self) -> Mapping[TP, int | None]:
        told: dict[TP, int | None] = dict.fromkeys(self.assigned)
        for tp in self.assigned & set(self.broker.committed):
            told[tp] = self.positions[tp] = max(0, self.broker.committed[tp] - self.forgets.get(tp, 0))
        return told

    async def getmany(self, active: set[TP] | None, timeout: float) -> Mapping[TP, list[ConsumerRecord]]:
        found = {}
        for tp in sorted(self.assigned & (active or set())):
            offsets = [each for each in self.broker.logs[tp] if each >= self.positions[tp]][: self.fetch_size]
            if offsets:
                self.positions[tp] = offsets[-1] + 1
                self.takes[tp] += 1
                found[tp] = [record_at(tp, offset) for offset in offsets]
        return found

    async def commit(self, offsets: Mapping[TP, int]) -> bool:
        if self.refuses_commits:
            return False
        self.broker.committed.update({tp: offset for tp, offset in offsets.items() if tp in self.assigned})
        if self.answer is not None:
            await self.answer.wait()
        return True

    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]:
        return {TP(*tp): 0 for tp in tps}

    async def highwaters(self, *tps: TP) -> Mapping[TP, int]:
        return {tp: self.broker.ends[tp] for tp in tps}

    def highwater(self, tp: TP) -> int:
        return self.broker.ends[tp]
