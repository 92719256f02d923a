"""Applies a batch of one shard in the order of effects: compute, send, then memories and head all or nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import structlog
from msgspec.structs import replace

from serving.aws_lambda.clocks import Clocks, ListedShard, clocks_name, decode_clocks, encode_clocks
from serving.aws_lambda.head import decode_head, head_name, not_applied
from serving.aws_lambda.records import Shard, ShardRecord
from serving.aws_lambda.sending import Sender
from serving.aws_lambda.stage import Outputs, Stage, Step
from serving.aws_lambda.table import Change, Item, MemoryTable
from serving.aws_lambda.working import WorkingMemory
from serving.errors import MemoriesChanged

CLOCK_ATTEMPTS: Final = 5
"""Of moving a shard's clock while other shards move theirs. One that did not move does so with the next batch."""

ListShards = Callable[[str], Sequence[ListedShard]]
"""All shards of a stream that still hold records."""

_log = structlog.get_logger(__name__)


class Progress(NamedTuple):
    """How far a batch was applied."""

    done: int
    """Records from its beginning."""
    error: Exception | None
    """Why not all of them."""


class ShardApplier:
    """Applies batches. With `list_shards` merchants are remembered too."""

    def __init__(self, stage: Stage, table: MemoryTable, sender: Sender, list_shards: ListShards | None) -> None:
        self._stage = stage
        self._table = table
        self._sender = sender
        self._list_shards = list_shards

    def apply(self, records: Sequence[ShardRecord]) -> Progress:
        """Apply a batch as far as possible; records that were applied before are left out, and count as done.

        Nothing is remembered of the rest. What followed from it may be out: it will be the same next time.
        """
        done = 0
        try:
            for done in self._applied(records[0].shard, records):  # noqa: B007 - how far it came is what counts
                pass
        except Exception as error:  # whatever it is, the records behind it have to wait
            _log.exception("batch not applied", shard=str(records[0].shard), done=done, records=len(records))
            return Progress(done, error)
        return Progress(done, None)

    def _applied(self, shard: Shard, records: Sequence[ShardRecord]) -> Iterator[int]:
        """Yield how many records are applied, again and again."""
        found = self._table.read([head_name(shard), clocks_name(shard.stream)])
        head = decode_head(_value(found, head_name(shard)))
        fresh = not_applied(head, records)
        skipped = len(records) - len(fresh)
        yield skipped
        if not fresh:
            return
        clocks = self._clocks(shard, found)
        if clocks is not None:
            head = replace(head, edge=max(head.edge, clocks.live[shard.shard_id]))
        batch = self._stage.decode(shard, fresh)
        memory = WorkingMemory(found | self._table.read(batch.read(clocks)))
        outputs, steps = self._stage.compute(batch, head, memory, clocks)
        self._sender.send(shard, fresh, outputs)
        for step in steps:
            self._write(step, head_name(shard))
            yield skipped + step.done
        self._move_clock(shard, decode_head(memory.get(head_name(shard))).edge, clocks)
        _tell(shard, skipped, outputs)

    def _write(self, step: Step, head: str) -> None:
        try:
            self._table.write(step.changes)
        except MemoriesChanged:
            # An answer that was lost looks the same: then the head is where this step brings it.
            expected = {change.key: change.value for change in step.changes}[head]
            if _value(self._table.read([head]), head) != expected:
                raise

    def _clocks(self, shard: Shard, found: Mapping[str, Item]) -> Clocks | None:
        """The clocks of the stream's shards, this one among them; None where merchants are not remembered."""
        if self._list_shards is None:
            return None
        clocks = decode_clocks(_value(found, clocks_name(shard.stream)))
        if shard.shard_id in clocks.live:
            return clocks
        listed = self._list_shards(shard.stream)
        return self._change_clocks(shard.stream, lambda known: known.begun(shard.shard_id, listed))

    def _move_clock(self, shard: Shard, edge: int, clocks: Clocks | None) -> None:
        if clocks is None or edge <= clocks.live[shard.shard_id]:
            return
        try:
            self._change_clocks(shard.stream, lambda known: known.moved(shard.shard_id, edge))
        except MemoriesChanged:
            _log.warning("clock not moved", shard=str(shard), edge=edge)

    def _change_clocks(self, stream: str, change: Callable[[Clocks], Clocks]) -> Clocks:
        """Change the clocks, which all shards of the stream write."""
        name = clocks_name(stream)
        for attempt in range(1, CLOCK_ATTEMPTS + 1):
            item = self._table.read([name]).get(name)
            clocks = change(decode_clocks(None if item is None else item.value))
            try:
                self._table.write([Change(name, encode_clocks(clocks), 0 if item is None else item.version)])
            except MemoriesChanged:
                if attempt == CLOCK_ATTEMPTS:
                    raise
            else:
                return clocks
        raise AssertionError("the last attempt returns or raises")


def _value(found: Mapping[str, Item], name: str) -> bytes | None:
    return found[name].value if name in found else None


def _tell(shard: Shard, skipped: int, outputs: Outputs) -> None:
    _log.info(
        "batch applied",
        shard=str(shard),
        assessed=len(outputs.assessments),
        alerts=len(outputs.alerts),
        rejected=len(outputs.letters),
        duplicates=outputs.duplicates,
        skipped=skipped,
    )
