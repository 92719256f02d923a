"""From where each topic is read at start: as little as gives back what the page shows. It asks the
broker, and reads nothing itself.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from confluent_kafka import Consumer, TopicPartition

from dashboard.state.histories import MOST_PAYMENTS
from dashboard.state.seconds import WINDOW_SECONDS
from stream.topics import ASSESSMENTS, DEAD_LETTERS, DRIFT

MOST_READ: Final = 1_000_000
"""Assessments that are read back at most, of all partitions together: some ten to twenty seconds."""
DRIFT_SECONDS: Final = 7 * 86_400
ANSWER_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Log:
    """What a partition holds: offsets of its first record and behind its last, and of the first after a time."""

    low: int
    high: int
    since: int | None
    """None where no record is that young, or where the broker cannot tell."""


def beginning(topic: str, log: Log, partitions: int) -> int:
    """Return the offset to read a partition from.

    Of assessments those of the time asked for are read, but at least as many as are held, and at most `MOST_READ`.

    >>> beginning("assessments", Log(0, 5_000_000, 4_999_000), 8)
    4993750
    >>> beginning("alerts", Log(10, 5_000_000, 4_999_000), 8)
    10
    """
    recent = log.high if log.since is None else log.since
    if topic == ASSESSMENTS:
        enough = min(recent, log.high - MOST_PAYMENTS // partitions)
        return max(log.low, enough, log.high - MOST_READ // partitions)
    if topic in (DRIFT, DEAD_LETTERS):
        return max(log.low, recent)
    return log.low


class Beginnings:
    """Finds the partitions of topics and where to begin in them."""

    def __init__(self, review_hours: float) -> None:
        self._seconds: Mapping[str, float] = {
            ASSESSMENTS: max(WINDOW_SECONDS, review_hours * 3600),
            DRIFT: DRIFT_SECONDS,
            DEAD_LETTERS: WINDOW_SECONDS,
        }

    def find(
        self, consumer: Consumer, topics: Iterable[str], held: Container[tuple[str, int]], now: float
    ) -> list[tuple[TopicPartition, int]]:
        """Return the partitions of those topics that exist and are not held yet.

        Each comes with the offset to begin at and the one behind its present end.

        Raises:
            KafkaException: the broker does not answer.
        """
        known = consumer.list_topics(timeout=ANSWER_SECONDS).topics
        found: list[tuple[TopicPartition, int]] = []
        for topic in topics:
            if topic in known and known[topic].error is None:
                partitions = sorted(known[topic].partitions)
                fresh = [each for each in partitions if (topic, each) not in held]
                found += self._of_topic(consumer, topic, fresh, len(partitions), now)
        return found

    def _of_topic(
        self, consumer: Consumer, topic: str, fresh: Sequence[int], partitions: int, now: float
    ) -> list[tuple[TopicPartition, int]]:
        since: dict[int, int] = {}
        if topic in self._seconds and fresh:
            moment = int((now - self._seconds[topic]) * 1000)
            asked = [TopicPartition(topic, each, moment) for each in fresh]
            answers = consumer.offsets_for_times(asked, timeout=ANSWER_SECONDS)
            since = {each.partition: each.offset for each in answers if each.offset >= 0}
        found = []
        for each in fresh:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, each), timeout=ANSWER_SECONDS)
            start = beginning(topic, Log(low, high, since.get(each)), partitions)
            found.append((TopicPartition(topic, each, start), high))
        return found
