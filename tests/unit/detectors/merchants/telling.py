"""What partitions tell of merchants, made up by hypothesis, and the written definition of what it adds up to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hypothesis import strategies as st

from detectors.memory_keys import ledger_key, merchant_key
from detectors.merchants.activity import Activity, LabelChange, Payment
from detectors.merchants.ledger import Ledger
from detectors.merchants.profile import MerchantProfile, decode_profile
from detectors.merchants.reading import Sums
from detectors.timing import Timing

TIMING = Timing()
START = 500_000
"""An hour since 1970."""
MERCHANTS = ("M1", "M2")
WINDOW_DAYS = (1, 7, 30)

Entry = Payment | LabelChange


class Told(NamedTuple):
    """One record of a source's log: what it means to a merchant, if anything, and the source's edge afterwards."""

    entry: Entry | None
    edge: int


@dataclass
class Topic:
    """Records in the order in which a ledger reads them, each as bytes would be: never changed, read again."""

    records: list[Activity] = field(default_factory=list)

    def send(self, source: int, log: Sequence[Told], edge: int) -> None:
        """Send a run of a source's log; `edge` is the source's before it."""
        told = [one.entry for one in log if one.entry is not None]
        self.records.append(
            Activity(
                source,
                log[-1].edge if log else edge,
                tuple(entry for entry in told if isinstance(entry, Payment)),
                tuple(entry for entry in told if isinstance(entry, LabelChange)),
            )
        )


class Keeper:
    """Keeps a ledger and its memories as a worker does: what is not wholly folded is read again after a crash."""

    def __init__(self, sources: int, timing: Timing = TIMING) -> None:
        self._sources, self._timing = sources, timing
        self.memories: dict[bytes, bytes] = {}
        self.committed = 0
        self.crash()

    def crash(self) -> None:
        """Lose everything but the memories."""
        self.ledger = Ledger(0, self._sources, self._timing, self.memories.get(ledger_key(0)))
        self._needed: list[int] = []
        self.read = self.committed

    def add(self, record: Activity) -> None:
        # An edge is news too: a source need not say it again.
        self._needed.append(max(record.edge, self.ledger.add(record)))
        self.read += 1

    def close(self, torn: int | None = None) -> None:
        """Fold what is closable, and commit the records before the first that is not wholly folded.

        `torn`: crash when so many of the changed memories are written; the head is the last of them.
        """
        changes = {} if self.ledger.closable is None else self.ledger.close(self.memories.get)
        self.memories.update(list(changes.items())[:torn])
        if torn is not None:
            self.crash()
        while self._needed and self._needed[0] <= self.ledger.edge:
            del self._needed[0]
            self.committed += 1

    def profile(self, merchant: str) -> MerchantProfile | None:
        data = self.memories.get(merchant_key(merchant))
        return None if data is None else decode_profile(data)


def plain_sums(entries: Sequence[Entry], merchant: str, edge: int, timing: Timing = TIMING) -> Sums:
    """The definition: a window of w days is [midnight at or before edge - w days, edge)."""
    paid = [each for each in entries if isinstance(each, Payment) and each.merchant_id == merchant]
    changed = [each for each in entries if isinstance(each, LabelChange) and each.merchant_id == merchant]
    known = edge - timing.delay_hours

    def hours(end: int) -> list[range]:
        return [range((end - 24 * days) // 24 * 24, end) for days in WINDOW_DAYS]

    active, labelled = hours(edge), hours(known)
    net = Counter[int]()
    for each in changed:
        if each.hour in labelled[1]:
            net[each.hour] += each.change
    held = sorted(hour for hour, change in net.items() if change > 0) if net.total() > 0 else []
    return Sums(
        payments=_three([sum(each.hour in window for each in paid) for window in active]),
        deviations=_three([sum(each.z_milli or 0 for each in paid if each.hour in window) for window in active]),
        exposed=_three([sum(each.hour in window for each in paid) for window in labelled]),
        frauds=_three(
            [max(0, sum(each.change for each in changed if each.hour in window)) for window in labelled]
        ),
        since=sum((held[-1] // 24 + 1) * 24 <= each.hour < known for each in paid) if held else None,
    )


def _three(sums: list[int]) -> tuple[int, int, int]:
    day, week, month = sums
    return day, week, month


_advances = st.sampled_from([0, 0, 1, 1, 1, 2, 7, 24, 30, 100, 200, 24 * 20]) | st.integers(0, 60)
_merchants = st.sampled_from(MERCHANTS)
_deviations = st.none() | st.integers(-8000, 8000)


@st.composite
def logs(draw: st.DrawFn, max_size: int = 25) -> list[Told]:
    """The log of one source: entries of hours that are open there, as its own edge moves on."""
    told, edge = [], START
    for position in range(draw(st.integers(0, max_size))):
        entry: Entry | None = None
        kind = draw(st.sampled_from("pppplm"))
        if kind == "p":
            hour = edge + draw(st.integers(0, 3))
            entry = Payment(3 * position, draw(_merchants), hour, draw(_deviations))
        if kind == "l":
            hour = edge - TIMING.delay_hours + draw(st.integers(0, 30))
            entry = LabelChange(3 * position, draw(_merchants), hour, draw(st.sampled_from([1, 1, -1])))
        edge += draw(_advances)
        told.append(Told(entry, edge))
    return told
