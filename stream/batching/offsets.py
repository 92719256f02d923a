"""Which offsets of one partition may be committed: ranges of finished batches, with no knowledge of Kafka."""

from bisect import bisect_left


class OffsetRanges:
    """Tracks delivered and finished batches of one partition.

    A batch starts where the last one ended, so that holes left by compaction and transaction markers belong to
    the batch after them. Batches may finish in any order; only a gapless prefix can be committed, and it is
    offered until the group has it.
    """

    __slots__ = ("_committed", "_finished", "_low", "_next")

    def __init__(self) -> None:
        self._next: int | None = None
        self._low: int | None = None
        self._finished: list[tuple[int, int]] = []
        self._committed: int | None = None

    @property
    def low(self) -> int | None:
        """Up to where everything delivered since the last seek is finished; None before the first batch."""
        return self._low

    @property
    def expected(self) -> int | None:
        """Offset of the next record, if no record was deleted in between; None before the first batch."""
        return self._next

    def seek(self, offset: int | None) -> None:
        """Forget everything delivered; the next batch starts at `offset`, up to which the group has committed.

        None: nothing is committed, and it starts wherever its first record is.
        """
        self._next = self._committed = offset
        self._low = None
        self._finished.clear()

    def rewind(self) -> int | None:
        """Expect again what was delivered and is not finished; return where that begins."""
        if self._low is not None:
            self._next = self._low
        return self._next

    def deliver(self, first_record: int, last_record: int) -> tuple[int, int]:
        """Hand out a batch and return its range [first, end): what finishing it will commit."""
        first = first_record if self._next is None else min(self._next, first_record)
        self._next = last_record + 1
        if self._low is None:
            self._low = first
        if self._committed is None:
            self._committed = first
        return first, last_record + 1

    def finish(self, first: int, end: int) -> bool:
        """Mark a batch as finished; False if it was delivered before a seek and no longer counts."""
        if self._low is None or end <= self._low:
            return False
        self._insert(first, end)
        # Batches overlap when a seek made records come again while the first delivery was still under way.
        while self._finished and self._finished[0][0] <= self._low:
            self._low = max(self._low, self._finished.pop(0)[1])
        return True

    def _insert(self, first: int, end: int) -> None:
        """Remember a finished range, as one with its neighbours: behind a batch that is held there may be many."""
        at = bisect_left(self._finished, (first, end))
        if at and self._finished[at - 1][1] >= first:
            at -= 1
            first, end = self._finished[at][0], max(end, self._finished[at][1])
            del self._finished[at]
        while at < len(self._finished) and self._finished[at][0] <= end:
            end = max(end, self._finished.pop(at)[1])
        self._finished.insert(at, (first, end))

    def committable(self) -> int | None:
        """Return the offset up to which everything is finished; None if the group has that already, or more."""
        if self._low is None or self._committed is None or self._low <= self._committed:
            return None
        return self._low

    def commit(self, offset: int) -> None:
        """Take note that the group has an offset that was committable; one from before a seek means nothing."""
        if self._low is not None and self._committed is not None and self._committed < offset <= self._low:
            self._committed = offset
