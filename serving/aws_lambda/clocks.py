"""How far time has come in each shard of a stream, so that all agree on which hours of merchants are closed."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec


class ListedShard(NamedTuple):
    """A shard as Kinesis lists it."""

    shard_id: str
    parents: tuple[str, ...]
    """One after a split, two after a merge."""
    is_open: bool


class Clocks(msgspec.Struct, frozen=True):
    """The shards of a stream, and the hours (since 1970) before which each will count no payment any more."""

    live: dict[str, int] = {}
    ended: tuple[str, ...] = ()
    """Shards that were split or merged, and read to their end; what they counted still counts."""

    @property
    def edge(self) -> int:
        """Hours before this are closed in every shard."""
        return min(self.live.values(), default=0)

    @property
    def shards(self) -> tuple[str, ...]:
        """Every shard that counted something."""
        return (*self.live, *self.ended)

    def moved(self, shard_id: str, edge: int) -> "Clocks":
        """Return the clocks after a live shard has come to an edge; none runs backwards."""
        return Clocks({**self.live, shard_id: max(edge, self.live[shard_id])}, self.ended)

    def begun(self, shard_id: str, listed: Sequence[ListedShard]) -> "Clocks":
        """Return the clocks when a shard is met for the first time.

        Lambda delivers a child once its parents are read to their end, so these end here, and all their children
        go on from the hours that they had closed. The first shard that is ever met begins with all that are open.
        """
        if not self.live:
            return Clocks(dict.fromkeys([*(each.shard_id for each in listed if each.is_open), shard_id], 0))
        parents = {parent for each in listed if each.shard_id == shard_id for parent in each.parents}
        ending = sorted(parents & self.live.keys())
        live = {name: edge for name, edge in self.live.items() if name not in ending}
        for each in listed:
            if each.shard_id not in live and not parents.isdisjoint(each.parents):
                live[each.shard_id] = max([self.live.get(parent, 0) for parent in each.parents])
        live.setdefault(shard_id, max([self.live[parent] for parent in ending], default=0))
        return Clocks(live, (*self.ended, *ending))


_decode = msgspec.json.Decoder(Clocks).decode
encode_clocks = msgspec.json.Encoder(order="deterministic").encode


def clocks_name(stream: str) -> str:
    """Return the key of a stream's clocks."""
    return f"clocks/{stream}"


def decode_clocks(data: bytes | None) -> Clocks:
    """Return the clocks; none run where there are none yet."""
    return Clocks() if data is None else _decode(data)
