"""A Kinesis stream as the target of a replay: payments put in batches, each account's in their order.

Within one call Kinesis may refuse a record and take a later one, so a call holds at most one record of an account.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec
import stamina

from stream.kinesis.service import KinesisError, KinesisStream, StreamBusy
from stream.timeline import Event

MOST_RECORDS = 500
MOST_BYTES = 5 * 1024 * 1024
"""Limits of one PutRecords call, keys included (docs.aws.amazon.com/kinesis, API_PutRecords)."""
MOST_WAITING = 4 * MOST_RECORDS
"""Payments held back at most, so that a call finds enough different accounts."""
LINGER_SECONDS = 0.05
"""How long a payment may wait for others to travel with."""
RETRY_SECONDS = 120.0
"""How long one call is tried again while Kinesis refuses some of its records."""


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data) + len(self.key.encode())


class KinesisTarget:
    """Puts payments into a stream, with the account as partition key."""

    def __init__(self, stream: KinesisStream) -> None:
        self._stream = stream
        self._encode = msgspec.json.Encoder().encode
        self._waiting: deque[_Entry] = deque()
        self._oldest = 0.0
        self.acknowledged = 0
        self.failed = 0
        self.first_failure: str | None = None

    def open(self, needed: Iterable[Event]) -> None:
        """Raise unless there is such a stream."""
        self._stream.describe()

    def send(self, event: Event, wait: Callable[[], None]) -> None:
        """Take a payment; put some when enough are waiting."""
        if not self._waiting:
            self._oldest = time.monotonic()
        self._waiting.append(_Entry(event.account_id, self._encode(event)))
        while len(self._waiting) >= MOST_WAITING:
            self._put_next(wait)

    def poll(self) -> None:
        """Put what has waited long enough."""
        if self._waiting and time.monotonic() - self._oldest >= LINGER_SECONDS:
            self.flush(_no_wait)

    def flush(self, wait: Callable[[], None]) -> None:
        """Put everything."""
        while self._waiting:
            self._put_next(wait)

    def _put_next(self, wait: Callable[[], None]) -> None:
        """Put one batch; what Kinesis keeps refusing counts as failed."""
        batch = self._take()
        try:
            for attempt in stamina.retry_context(
                on=StreamBusy, attempts=None, timeout=RETRY_SECONDS, wait_max=5.0
            ):
                with attempt:
                    batch = self._put(batch)
                    wait()
                    if batch:
                        raise StreamBusy(f"{self._stream.name} refuses records: add shards, or use --rate")
        except KinesisError as error:
            self.failed += len(batch)
            self.first_failure = self.first_failure or str(error)
        except KeyboardInterrupt:
            # What is queued is delivered all the same; some of it may have arrived already.
            self._waiting.extendleft(reversed(batch))
            raise
        self._oldest = time.monotonic()

    def _take(self) -> list[_Entry]:
        """Take the first waiting record of each account, as many as a call may hold; the rest keep their order."""
        taken: list[_Entry] = []
        left: list[_Entry] = []
        accounts: set[str] = set()
        size = 0
        while self._waiting and len(taken) < MOST_RECORDS:
            entry = self._waiting.popleft()
            if entry.key in accounts:
                left.append(entry)
                continue
            if taken and size + entry.size > MOST_BYTES:
                self._waiting.appendleft(entry)
                break
            accounts.add(entry.key)
            taken.append(entry)
            size += entry.size
        self._waiting.extendleft(reversed(left))
        return taken

    def _put(self, batch: list[_Entry]) -> list[_Entry]:
        """Put records in one call and return those that were refused."""
        codes = self._stream.put([{"Data": entry.data, "PartitionKey": entry.key} for entry in batch])
        refused = [entry for entry, code in zip(batch, codes, strict=True) if code is not None]
        self.acknowledged += len(batch) - len(refused)
        return refused


def _no_wait() -> None:
    """Pass no moment."""
