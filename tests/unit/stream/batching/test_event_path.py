"""Faust looks twice a second for partitions that are not read; what it must not take for one of them."""

from types import SimpleNamespace
from typing import Any

from faust.types import TP

from stream.batching.consumer import BatchConsumer

CHANGELOG, PAYMENTS = TP("app-memories-changelog", 0), TP("transactions", 0)


class Thread:
    """Writes down what it is asked about."""

    def __init__(self) -> None:
        self.asked: list[TP] = []

    def verify_event_path(self, now: float, tp: TP) -> None:
        self.asked.append(tp)


def test_changelogs_are_not_taken_for_partitions_whose_reading_hangs() -> None:
    """Nobody fetches them through Faust: after five minutes it would log an error for each, twice a second."""
    consumer: Any = BatchConsumer.__new__(BatchConsumer)
    consumer.app = SimpleNamespace(tables=SimpleNamespace(changelog_topics={CHANGELOG.topic}))
    consumer._thread = thread = Thread()
    for tp in (CHANGELOG, PAYMENTS):
        consumer.verify_event_path(0.0, tp)
    assert thread.asked == [PAYMENTS]
