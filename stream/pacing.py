"""When the next payment may go out: by a rate, by the clock of the payments, and not too far ahead of a reader."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from stream.errors import BrokerUnavailable, StreamError

CHECK_SECONDS = 0.1
"""Between two questions about a reader that is behind."""
ANSWER_SECONDS = 10.0
_PASSING = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
}
"""What a broker answers for a moment after its start, or when another takes over."""


class PacingError(StreamError):
    """A reader stays behind."""


class Pace(Protocol):
    """A schedule: when each payment is due."""

    def due_s(self, index: int, event_time: datetime) -> float:
        """Return the seconds from the start at which payment number `index` (from 0) is due."""


class FlatOut:
    """Everything at once."""

    def due_s(self, index: int, event_time: datetime) -> float:
        """Return 0: now.

        >>> FlatOut().due_s(1000, datetime(2026, 1, 5))
        0.0
        """
        return 0.0


@dataclass(frozen=True, slots=True)
class AtRate:
    """So many payments a second, evenly spaced."""

    per_second: float

    def due_s(self, index: int, event_time: datetime) -> float:
        """Return when it is due.

        >>> AtRate(200).due_s(50, datetime(2026, 1, 5))
        0.25
        """
        return index / self.per_second


@dataclass(frozen=True, slots=True)
class AtSpeed:
    """As the payments happened, so many times faster."""

    factor: float
    first: datetime

    def due_s(self, index: int, event_time: datetime) -> float:
        """Return when it is due.

        >>> AtSpeed(60, datetime(2026, 1, 5, 12)).due_s(50, datetime(2026, 1, 5, 13))
        60.0
        """
        return (event_time - self.first).total_seconds() / self.factor


class LagGate:
    """Tells how far a consumer group is behind, and waits until it is not; it reads and commits nothing.

    Lag is the number of records between a partition's end and the group's committed offset (or the partition's
    beginning, where the group has committed none), summed over all partitions of the topics.
    """

    def __init__(self, client: Mapping[str, str], group: str, topics: Sequence[str]) -> None:
        self.group = group
        self._topics = tuple(topics)
        self._consumer = Consumer({**client, "group.id": group, "enable.auto.commit": "false"})
        self._partitions: list[TopicPartition] = []

    def __enter__(self) -> "LagGate":
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close()

    def lag(self) -> int:
        """Ask the broker for the group's lag over all topics, in records."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                committed = self._consumer.committed(self._assignments(), timeout=ANSWER_SECONDS)
                return sum(map(self._behind, committed))
            except KafkaException as error:
                if error.args[0].code() not in _PASSING or time.monotonic() > deadline:
                    raise BrokerUnavailable(
                        f"the lag of group {self.group} cannot be read: {error.args[0].str()}"
                    ) from error
            time.sleep(CHECK_SECONDS)

    def wait_below(self, limit: int, deadline: float) -> bool:
        """Return True as soon as the lag is below `limit`, False at the deadline (of `time.monotonic`)."""
        while self.lag() >= limit:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(CHECK_SECONDS, left))
        return True

    def _assignments(self) -> list[TopicPartition]:
        if not self._partitions:
            known = self._consumer.list_topics(timeout=ANSWER_SECONDS).topics
            missing = [topic for topic in self._topics if topic not in known]
            if missing:
                raise StreamError(f"topic {missing[0]} does not exist: run `riskstream create-topics`")
            self._partitions = [
                TopicPartition(topic, partition) for topic in self._topics for partition in known[topic].partitions
            ]
        return self._partitions

    def _behind(self, committed: TopicPartition) -> int:
        low, high = self._consumer.get_watermark_offsets(committed, timeout=ANSWER_SECONDS)
        return int(high - max(committed.offset, low))


def hold_back(gate: LagGate, limit: int, patience_s: float) -> None:
    """Return once the gate's group is less than `limit` records behind.

    Raises:
        PacingError: it did not come so far within `patience_s`.
    """
    if not gate.wait_below(limit, time.monotonic() + patience_s):
        raise PacingError(
            f"consumer group {gate.group} has been {limit:,} records or more behind for {patience_s:g} s:"
            " check that a worker runs (`riskstream worker`), or leave out --max-lag"
        )
