"""A look at positions where something is away: payments wait for their own logs, and for no others."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import stamina
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from faust.types import TP

import stream.positions
from stream.errors import BrokerUnavailable, RecordsLost
from stream.positions import PositionWatch
from stream.settings import Settings
from stream.topic_ids import TopicIds
from stream.topics import ENRICHED, LABELS

COMMITTED = {TP(ENRICHED, 0): 5, TP(LABELS, 0): 7, TP(LABELS, 1): 7}


@dataclass
class FakeLogs:
    """A consumer of a cluster in which some topics have no leader; all logs hold 0 to 9, changelogs nothing."""

    leaderless: set[str] = field(default_factory=set)
    asked: list[TP] = field(default_factory=list)

    def get_watermark_offsets(self, at: TopicPartition, timeout: float) -> tuple[int, int]:
        self.asked.append(TP(at.topic, at.partition))
        if at.topic in self.leaderless:
            raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE))
        return (0, 10) if at.topic in (ENRICHED, LABELS) else (0, 0)

    def assign(self, partitions: list[TopicPartition]) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLogs]:
    made = FakeLogs()
    monkeypatch.setattr(stream.positions, "Consumer", lambda _: made)
    monkeypatch.setattr(stream.positions, "AdminClient", lambda _: None)
    monkeypatch.setattr(stream.positions, "find_topic_ids", lambda _, timeout_s: TopicIds())
    with stamina.set_testing(True, attempts=1):
        yield made


def watch() -> PositionWatch:
    return PositionWatch(Settings(), TopicIds())


def test_payments_go_on_while_labels_have_no_leader(logs: FakeLogs) -> None:
    """One partition of them is asked, since each answer may take ten seconds to stay away."""
    logs.leaderless = {LABELS}
    asyncio.run(watch().on_resume(COMMITTED))
    assert [at for at in logs.asked if at.topic in (LABELS, ENRICHED)] == [TP(ENRICHED, 0), TP(LABELS, 0)]


def test_payments_wait_for_their_own_logs(logs: FakeLogs) -> None:
    logs.leaderless = {ENRICHED}
    with pytest.raises(BrokerUnavailable, match=ENRICHED):
        asyncio.run(watch().on_resume(COMMITTED))


def test_labels_that_are_there_are_judged(logs: FakeLogs) -> None:
    with pytest.raises(RecordsLost, match="labels partition 1: offset 11 comes next, but the log ends at 10"):
        asyncio.run(watch().on_resume({**COMMITTED, TP(LABELS, 1): 11}))
