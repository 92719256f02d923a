"""Collects what all partitions tell of the merchants of one, and folds an hour into their memories once closed.

What is collected lives in this object only: whoever feeds it keeps the records it came from until their hour is
closed, and feeds them again after a crash. Nothing is counted twice: an entry of a closed hour was folded, a
record sent again has positions that are known, and each memory says itself how far it is folded.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Final

import msgspec

from detectors.memory_keys import ledger_key, merchant_key
from detectors.merchants.activity import Activity, LabelChange
from detectors.merchants.profile import HourTotals, decode_profile, encode_profile, fold
from detectors.stored import Codec
from detectors.timing import Timing

MEMORY_VERSION: Final = 1


class LedgerHead(msgspec.Struct, frozen=True, array_like=True):
    """How far the memories of a partition of merchants are folded."""

    version: int = MEMORY_VERSION
    edge: int = 0
    """Hours before this are folded."""
    newest: int = 0
    """The highest edge of any source: how far time has come somewhere."""


_codec = Codec(LedgerHead, "A ledger's head", MEMORY_VERSION)


def decode_head(data: bytes | None) -> LedgerHead:
    """The head back from its bytes; one that has not moved where there is none."""
    return LedgerHead() if data is None else _codec.decode(data)


def ledger_edge(data: bytes) -> int:
    """The closed edge that a head's bytes tell."""
    return decode_head(data).edge


def newest_edge(data: bytes) -> int:
    """The highest edge of any source that a head's bytes tell."""
    return decode_head(data).newest


class _News:
    """What came in about one merchant since its memory was folded."""

    __slots__ = ("labels", "sources", "totals")

    def __init__(self) -> None:
        self.totals: dict[int, HourTotals] = {}
        self.labels: list[LabelChange] = []
        self.sources: list[int] = []


class Ledger:
    """The open hours of one partition of merchants, which hears from `sources` partitions of payments."""

    def __init__(self, partition: int, sources: int, timing: Timing, head: bytes | None = None) -> None:
        start = decode_head(head)
        self.edge = start.edge
        """Hours before this are folded."""
        self.newest = start.newest
        """The highest edge of any source. When it moves and nothing can be closed, `note` it all the same."""
        self._partition = partition
        self._sources = sources
        self._timing = timing
        self._edges: dict[int, int] = {}
        self._positions: defaultdict[tuple[int, str], int] = defaultdict(lambda: -1)
        self._news: defaultdict[str, _News] = defaultdict(_News)

    def add(self, activity: Activity) -> int:
        """Collect a record; it is wholly folded once `edge` has come to the returned hour (0: nothing new)."""
        source, log, needed = activity.source, (activity.source, activity.log), 0
        known = self._positions[log]
        for payment in activity.payments:
            hour = payment.hour
            if payment.position <= known or hour < self.edge:
                continue
            totals = self._news[payment.merchant_id].totals
            total = totals.get(hour)
            if total is None:
                total = totals[hour] = HourTotals()
            total.count += 1
            total.deviation += payment.z_milli or 0
            if hour >= needed:
                needed = hour + 1
        for label in activity.labels:
            if label.position > known:
                news = self._news[label.merchant_id]
                news.labels.append(label)
                news.sources.append(source)
                needed = max(needed, self.edge + 1)
        last = max(
            activity.payments[-1].position if activity.payments else -1,
            activity.labels[-1].position if activity.labels else -1,
        )
        self._positions[log] = max(known, last)
        self._edges[source] = max(self._edges.get(source, 0), activity.edge)
        self.newest = max(self.newest, activity.edge)
        return needed

    @property
    def closable(self) -> int | None:
        """The hour before which all sources have closed, if that is news."""
        if len(self._edges) < self._sources:
            return None
        edge = min(self._edges.values())
        return edge if edge > self.edge else None

    def close(self, read: Callable[[bytes], bytes | None]) -> dict[bytes, bytes]:
        """Fold what is closable; the changed memories by key, the head's last."""
        edge = self.closable or self.edge
        changes: dict[bytes, bytes] = {}
        later: defaultdict[str, _News] = defaultdict(_News)
        for merchant, news in self._news.items():
            still_open = (
                {hour: total for hour, total in news.totals.items() if hour >= edge}
                if max(news.totals, default=0) >= edge
                else {}
            )
            if len(still_open) < len(news.totals) or news.labels:
                key = merchant_key(merchant)
                data = read(key)
                profile = None if data is None else decode_profile(data)
                profile = fold(profile, news.totals, news.labels, edge, self._timing, news.sources)
                changes[key] = encode_profile(profile)
            if still_open:
                later[merchant].totals = still_open
        self._news = later
        self.edge = edge
        return {**changes, **self.note()}

    def note(self) -> dict[bytes, bytes]:
        """The head as it is now, by its key."""
        head = LedgerHead(MEMORY_VERSION, self.edge, self.newest)
        return {ledger_key(self._partition): _codec.encode(head)}
