"""The command line with one fault built in: `python -m tests.pipeline.faulty FAULT worker`.

It replaces single names of the product by ones that fail, and is for tests alone.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import stream.stages.assess
from detectors.assess import Outcome, Stretch, assess_together
from detectors.transaction import EnrichedTransaction
from scripts.main import main
from stream.batching.consumer import BatchConsumer
from stream.batching.table import BatchTable
from stream.topics import ENRICHED

POISON = "poison"
"""Transactions whose id begins so cannot be assessed by a worker with the fault of this name."""
SECRET = "the-data-of-a-customer"
KILLED = 137
_AT = 3
"""The faults of memories and commits come with the third batch."""


def poison() -> None:
    """The pure stage raises on marked payments."""

    def assess_or_raise(stretches: Sequence[Stretch], *arguments: Any, **named: Any) -> list[Outcome]:
        for event in chain.from_iterable(stretch.events for stretch in stretches):
            if isinstance(event, EnrichedTransaction) and event.transaction_id.startswith(POISON):
                raise ValueError(f"{SECRET} cannot be digested")
        return assess_together(stretches, *arguments, **named)

    setattr(stream.stages.assess, "assess_together", assess_or_raise)  # noqa: B010 - it does not export it


def failing_memories() -> None:
    """The third write of memories raises."""

    def fail() -> None:
        raise OSError("the changelog cannot be written")

    _before_third_write(fail)


def power_cut_before_memories() -> None:
    """The process ends when outputs are out and memories are not."""
    _before_third_write(lambda: os._exit(KILLED))


def asleep_before_memories() -> None:
    """The process stops, until somebody continues it, when outputs are out and memories are not."""
    _before_third_write(lambda: os.kill(os.getpid(), signal.SIGSTOP))


def power_cut_before_commit() -> None:
    """The process ends when outputs and memories are out and the offset is not committed."""
    finish, finished = BatchConsumer.finish, []

    def finish_or_end(self: BatchConsumer, message: Any) -> None:
        if message.topic == ENRICHED:
            finished.append(message)
            if len(finished) == _AT:
                os._exit(KILLED)
        finish(self, message)

    BatchConsumer.finish = finish_or_end


def _before_third_write(act: Callable[[], None]) -> None:
    persist, writes = BatchTable.persist, []

    async def persist_or_act(
        self: BatchTable, producer: Any, partition: int, changes: Mapping[bytes, bytes]
    ) -> None:
        writes.append(partition)
        if len(writes) == _AT:
            act()
        await persist(self, producer, partition, changes)

    BatchTable.persist = persist_or_act


FAULTS: dict[str, Callable[[], None]] = {
    POISON: poison,
    "failing-memories": failing_memories,
    "power-cut-before-memories": power_cut_before_memories,
    "asleep-before-memories": asleep_before_memories,
    "power-cut-before-commit": power_cut_before_commit,
}

if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    main()
