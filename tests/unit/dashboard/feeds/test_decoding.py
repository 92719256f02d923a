"""Records as they lie in the topics, through a message that only has what the decoder asks for."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.feeds.decoding import TOPICS, NewsReader
from detectors.drift import DriftEvent
from sinks.alerts import alert_event
from tests.unit.dashboard.world import MOMENT, NOW, alert, label, suppression
from tests.unit.sinks.assessments import assessment, transaction

encode = msgspec.json.encode


class Record:
    """What of a confluent_kafka.Message is used."""

    def __init__(self, topic: str, value: bytes | None, headers: Any = None, partition: int = 0) -> None:
        self._topic, self._value, self._headers, self._partition = topic, value, headers, partition

    def topic(self) -> str:
        return self._topic

    def value(self) -> bytes | None:
        return self._value

    def headers(self) -> Any:
        return self._headers

    def partition(self) -> int:
        return self._partition

    def offset(self) -> int:
        return 7

    def timestamp(self) -> tuple[int, int]:
        return 1, int(NOW * 1000)


def test_every_topic_is_read_in_its_own_way():
    produced = str(int(NOW * 1000) - 250).encode()
    drift = DriftEvent(series="alert_share", direction="up", before=0.1, after=0.2, block=3, event_time=MOMENT)
    news = NewsReader().read(
        [
            Record("assessments", encode(assessment(1)), [("origin", b"x"), ("ingested-at", produced)]),
            Record("alerts", alert_event(alert(2), transaction())),
            Record("labels", encode(label(3, days=0))),
            Record("alerts.explained", encode({"assessment_id": "a0000002", "more": 1})),
            Record("suppressions", encode(suppression())),
            Record("drift", encode(drift), partition=3),
            Record("transactions.dead-letter", b"what it was"),
            Record("elsewhere", b"x"),
        ]
    )
    assert news.unreadable == 0
    assert (news.passed[0].payment.transaction_id, news.passed[0].at) == ("TX000001", NOW)
    assert news.passed[0].at - news.passed[0].produced == pytest.approx(0.25)
    assert (news.cards[0].id, news.cards[0].arrived) == ("a0000002", NOW)
    assert news.labels == [label(3, days=0)]
    assert news.explained[0][0] == "a0000002"
    assert news.suppressions == [suppression()]
    assert (news.drifts[0].event, news.drifts[0].partition) == (drift, 3)
    assert news.dead_letters == [NOW]


def test_a_removed_suppression_of_a_compacted_topic_is_no_news():
    assert NewsReader().read([Record("suppressions", None)]).unreadable == 0


@given(st.sampled_from([topic for topic in TOPICS if topic != "transactions.dead-letter"]), st.binary(min_size=1))
def test_bytes_that_are_something_else_are_counted_and_left_out(topic, value):
    news = NewsReader().read([Record(topic, value)])
    assert news.unreadable == 1
    assert not any([news.passed, news.cards, news.labels, news.explained, news.suppressions, news.drifts])


def test_a_label_from_the_future_counts_as_unreadable_as_workers_refuse_it_too():
    assert NewsReader().read([Record("labels", encode(label(1, days=3)))]).unreadable == 1


def test_the_question_of_a_replay_in_step_is_no_label():
    news = NewsReader().read([Record("labels", b"token", [("kind", b"echo")])])

    assert (news.labels, news.unreadable) == ([], 0)
