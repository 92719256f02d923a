"""Which shards to read now, and from where: parents before their children, each shard by one adapter. Pure.

An account's records move to another shard when its shard is split or merged, so a child waits until everything in
its parents has been passed on: that keeps an account's payments in their order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import msgspec


class Shard(msgspec.Struct, frozen=True):
    """A shard as the service lists it."""

    id: str
    parents: tuple[str, ...] = ()
    """Two for the child of a merge; they may be gone, when all their records have expired."""


class Checkpoint(msgspec.Struct, frozen=True):
    """How far a shard has been passed on; everything up to here is acknowledged by Kafka."""

    sequence: str | None = None
    """Of the last record passed on; None when there was none."""
    ended: bool = False
    """The shard was closed, and this is all it held."""
    since_ms: int | None = None
    """Reading began with what arrived at that time (Unix, ms); None: with the oldest record there was."""
    complete_ms: int = 0
    """Everything that had arrived by then (Unix, ms) is passed on; 0: nothing was read yet, from the oldest on."""


@dataclass(frozen=True, slots=True)
class Share:
    """The part of the shards that one adapter reads: number `index` of `count`."""

    index: int = 0
    count: int = 1

    def owns(self, shard_id: str) -> bool:
        """Tell whether a shard is this adapter's, the same at any time and for every adapter.

        >>> [Share(1, 2).owns(f"shardId-00000000000{number}") for number in range(4)]
        [False, True, False, True]
        """
        return shard_number(shard_id) % self.count == self.index


WHOLE = Share()
"""All shards: one adapter."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin in a shard."""

    kind: Literal["trim-horizon", "time", "after"]
    since_ms: int | None = None
    sequence: str | None = None


def shard_number(shard_id: str) -> int:
    """Return a shard's number, which is never given to another shard of the stream.

    >>> shard_number("shardId-000000000012")
    12
    """
    return int(shard_id.rpartition("-")[2])


def readable(shards: Iterable[Shard], checkpoints: Mapping[str, Checkpoint], share: Share = WHOLE) -> list[Shard]:
    """Return the shards that an adapter should be reading: its own, not at their end, whose parents are.

    >>> shards = [Shard("shard-0"), Shard("shard-1", ("shard-0",))]
    >>> [each.id for each in readable(shards, {})]
    ['shard-0']
    >>> [each.id for each in readable(shards, {"shard-0": Checkpoint(ended=True)})]
    ['shard-1']
    """
    listed = list(shards)
    open_ones = {shard.id for shard in listed if not _is_done(checkpoints.get(shard.id))}
    return [
        shard
        for shard in listed
        if shard.id in open_ones and share.owns(shard.id) and not open_ones.intersection(shard.parents)
    ]


def start_of(shard: Shard, checkpoints: Mapping[str, Checkpoint], since_ms: int | None) -> Start:
    """Return where to begin: behind its checkpoint, else where its parents began, else as the command line says.

    `since_ms` is what the command line says: a time, or None for the oldest record there is.
    """
    own = checkpoints.get(shard.id)
    if own is not None and own.sequence is not None:
        return Start("after", own.since_ms, own.sequence)
    if own is not None:
        return _from(own.since_ms)
    parents = [checkpoints[parent].since_ms for parent in shard.parents if parent in checkpoints]
    if parents:
        return _from(None if None in parents else min(time for time in parents if time is not None))
    return _from(since_ms)


def expired(
    shards: Sequence[Shard],
    checkpoints: Mapping[str, Checkpoint],
    share: Share,
    oldest_ms: int,
) -> dict[str, str]:
    """Say, by shard, what was deleted before it was passed on; `oldest_ms` is the retention's edge.

    >>> at = {"shard-0": Checkpoint("17", complete_ms=1_767_225_600_000)}
    >>> print(*expired([Shard("shard-0")], at, Share(), 1_767_225_660_000).values())
    shard-0: all was passed on up to 2026-01-01T00:00:00Z, and what arrived until 2026-01-01T00:01:00Z is deleted
    """
    listed = {shard.id for shard in shards}
    told = {}
    for shard_id, checkpoint in sorted(checkpoints.items()):
        if checkpoint.ended or not share.owns(shard_id):
            continue
        upto = f"{shard_id}: all was passed on up to {_spelled(checkpoint.complete_ms)}"
        if checkpoint.complete_ms == 0:
            upto = f"{shard_id}: nothing was passed on"
        if shard_id not in listed:
            told[shard_id] = f"{upto}, and the shard is no more"
        elif 0 < checkpoint.complete_ms < oldest_ms:
            told[shard_id] = f"{upto}, and what arrived until {_spelled(oldest_ms)} is deleted"
    return told


def _is_done(checkpoint: Checkpoint | None) -> bool:
    return checkpoint is not None and checkpoint.ended


def _from(since_ms: int | None) -> Start:
    return Start("trim-horizon") if since_ms is None else Start("time", since_ms)


def _spelled(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
