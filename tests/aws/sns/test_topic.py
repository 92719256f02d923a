"""Facts about notices on a topic, seen from a queue that subscribes to it with a filter."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from detectors.assessment import LEVELS, Reason, RiskLevel
from sinks.alerts import alert_event, decode_alert
from sinks.errors import NotificationError, NotificationsUnavailableError
from sinks.notices import Notice, alert_notice, held_back_notice
from sinks.restraint import HeldBack
from sinks.sns import SnsSink, open_topic
from stream.embedded.aws import EmbeddedAws
from tests.aws.sns.conftest import GRAVE, Subscribed
from tests.unit.sinks.assessments import assessment, transaction

Subscribe = Callable[..., Subscribed]


def alert(number: int, **changes: Any) -> bytes:
    return alert_event(assessment(number, **changes), transaction())


def notices(*alerts: bytes) -> list[Notice]:
    return [alert_notice(decode_alert(value), value) for value in alerts]


@pytest.fixture
def sink_of(embedded_aws: EmbeddedAws) -> Callable[[Subscribed], SnsSink]:
    return lambda subscribed: open_topic(subscribed.topic_arn, embedded_aws.endpoint)


def test_only_high_and_critical_arrive_once_each_though_all_levels_are_written_twice(
    subscribe: Subscribe, sink_of: Callable[[Subscribed], SnsSink]
) -> None:
    subscribed = subscribe(GRAVE)
    levels: list[RiskLevel] = [LEVELS[number % 4] for number in range(40)]
    alerts = [alert(number, risk_level=level) for number, level in enumerate(levels)]
    sink = sink_of(subscribed)
    for _ in range(2):
        sink.write(notices(*alerts))

    arrived = [each["Message"].encode() for each in subscribed.received()]

    assert sorted(arrived) == sorted(
        value for value, level in zip(alerts, levels, strict=True) if level in ("high", "critical")
    )


def test_a_queue_gets_the_subject_and_the_attributes_too(
    subscribe: Subscribe, sink_of: Callable[[Subscribed], SnsSink]
) -> None:
    subscribed = subscribe({})
    sink_of(subscribed).write(notices(alert(1)))

    (envelope,) = subscribed.received()

    assert envelope["Subject"] == "HIGH fraud risk: 412.50 EUR, account ...0001, AMOUNT_ABOVE_ACCOUNT_NORM"
    assert {name: each["Value"] for name, each in envelope["MessageAttributes"].items()} == {
        "risk_level": "high",
        "reasons": '["AMOUNT_ABOVE_ACCOUNT_NORM","NEW_DEVICE"]',
        "status": "new",
        "score_kind": "rarity",
    }


def test_a_subscription_can_ask_for_a_reason(
    subscribe: Subscribe, sink_of: Callable[[Subscribed], SnsSink]
) -> None:
    subscribed = subscribe({"reasons": ["IMPOSSIBLE_TRAVEL"]})
    travel = (Reason("NEW_DEVICE", 2.0, "first payment"), Reason("IMPOSSIBLE_TRAVEL", 1.0, "too fast"))

    sink_of(subscribed).write(notices(alert(1), alert(2, reasons=travel), alert(3, reasons=())))

    assert [json.loads(each["Message"])["id"] for each in subscribed.received()] == ["alert-a0000002"]


def test_a_summary_passes_the_filter_of_the_gravest_alert_held_back(
    subscribe: Subscribe, sink_of: Callable[[Subscribed], SnsSink]
) -> None:
    grave, calm = subscribe(GRAVE), subscribe(GRAVE)
    for subscribed, level in ((grave, "critical"), (calm, "medium")):
        held = HeldBack()
        for number in range(3):
            held.add(decode_alert(alert(number, risk_level=level)))
        sink_of(subscribed).write([held_back_notice(held)])

    assert [json.loads(each["Message"])["data"]["count"] for each in grave.received()] == [3]
    assert calm.received() == []


def test_a_fifo_topic_takes_them_in_order(subscribe: Subscribe, sink_of: Callable[[Subscribed], SnsSink]) -> None:
    subscribed = subscribe({}, fifo=True)
    alerts = [alert(number, account_id="A1") for number in range(12)]

    sink_of(subscribed).write(notices(*alerts))

    assert [each["Message"].encode() for each in subscribed.received()] == alerts


def test_a_topic_that_is_not_there_is_named(embedded_aws: EmbeddedAws) -> None:
    missing = "arn:aws:sns:us-east-1:123456789012:nowhere"

    with pytest.raises(NotificationError, match=f"publish to {missing}: SNS refuses it") as caught:
        open_topic(missing, embedded_aws.endpoint).write(notices(alert(1)))

    assert not isinstance(caught.value, NotificationsUnavailableError)


def test_an_sns_that_does_not_answer_is_worth_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sinks.aws.ATTEMPTS", 1)
    sink = open_topic("arn:aws:sns:us-east-1:123456789012:alerts", "http://127.0.0.1:1")

    with pytest.raises(NotificationsUnavailableError, match="SNS does not answer"):
        sink.write(notices(alert(1)))
