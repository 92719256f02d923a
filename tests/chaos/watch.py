"""Looks at how far every partition is: who commits, and for how long nobody did though there was work."""

import threading
import time
from types import TracebackType

from confluent_kafka import Consumer, KafkaException, TopicPartition

from stream.topics import ENRICHED, TRANSACTIONS

LOOK_SECONDS = 0.1
_ANSWER_SECONDS = 5.0


class Watch:
    """Follows the committed offsets of payments, raw and enriched, in a thread of its own."""

    def __init__(self, client: dict[str, str], group: str, partitions: int) -> None:
        self._consumer = Consumer({**client, "group.id": group, "enable.auto.commit": "false"})
        self._partitions = [TopicPartition(t, p) for t in (ENRICHED, TRANSACTIONS) for p in range(partitions)]
        self._count = partitions
        self._committed = [0] * len(self._partitions)
        self._since = [time.monotonic()] * len(self._partitions)
        self._idle = False
        self._looked = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch")
        self.cause = "start"
        """What was done last: stalls are put down to it."""
        self.stalls: dict[str, float] = {}
        """The longest after each kind of fault: seconds in which a partition had work and committed nothing."""

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    @property
    def committed(self) -> list[int]:
        """The committed offsets of `transactions.enriched`, by partition."""
        return self._committed[: self._count]

    @property
    def looked(self) -> int:
        """How often all of them were read; what began after two more was read afterwards."""
        return self._looked

    @property
    def idle(self) -> bool:
        """Whether everything was committed at the last look."""
        return self._idle

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self._look()
            except KafkaException:
                continue  # the broker is away; the clocks of stalls go on

    def _look(self) -> None:
        found = self._consumer.committed(self._partitions, timeout=_ANSWER_SECONDS)
        committed = [max(0, each.offset) for each in found]
        ends = [self._consumer.get_watermark_offsets(each, timeout=_ANSWER_SECONDS)[1] for each in found]
        for index, (now, end) in enumerate(zip(committed, ends, strict=True)):
            self._note(index, now, end)
        self._committed = committed
        self._idle = all(now >= end for now, end in zip(committed, ends, strict=True))
        self._looked += 1

    def _note(self, index: int, committed: int, end: int) -> None:
        now = time.monotonic()
        moved = committed != self._committed[index]
        # Idle time before a record came is no stall.
        if committed < end or moved:
            stalled = now - self._since[index]
            self.stalls[self.cause] = max(self.stalls.get(self.cause, 0.0), stalled)
        if moved or committed >= end:
            self._since[index] = now
