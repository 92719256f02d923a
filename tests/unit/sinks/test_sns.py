"""Facts about publishing to SNS, on a fake of it that fails as told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from hypothesis import given
from hypothesis import strategies as st

from sinks.errors import NotificationError, NotificationsRefusedError, NotificationsUnavailableError
from sinks.notices import Attribute, Notice
from sinks.sink import Sink
from sinks.sns import BATCH_BYTES, ENTRIES, SnsSink, pack

TOPIC = "arn:aws:sns:eu-central-1:123456789012:alerts"
Failure = dict[str, Any]


def notice(number: int, size: int = 10, text: str = "x") -> Notice:
    attributes = (Attribute("risk_level", "String", "high"),)
    return Notice(f"alert-{number}", f"group-{number % 2}", f"subject {number}", text * size, attributes)


def notices(count: int) -> list[Notice]:
    return [notice(number) for number in range(count)]


def refusal(code: str, status: int = 400, message: str = "no") -> ClientError:
    told = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, "PublishBatch")


@dataclass
class FakeSns:
    """Takes what it is sent, unless `fail` returns a failure for an entry or raises."""

    fail: Callable[[dict[str, Any]], Failure | None] = lambda entry: None
    requests: list[list[dict[str, Any]]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    """Subjects."""

    def publish_batch(self, TopicArn: str, PublishBatchRequestEntries: Sequence[dict[str, Any]]) -> Any:  # noqa: N803 - boto3's names
        assert TopicArn == TOPIC
        self.requests.append(list(PublishBatchRequestEntries))
        failures = {each["Id"]: self.fail(each) for each in PublishBatchRequestEntries}
        failed = [{"Id": id_, **failure} for id_, failure in failures.items() if failure]
        good = [each for each in PublishBatchRequestEntries if not failures[each["Id"]]]
        self.taken += [each["Subject"] for each in good]
        return {"Successful": [{"Id": each["Id"], "MessageId": "m"} for each in good], "Failed": failed}


def test_at_most_ten_go_together_in_their_order() -> None:
    sns = FakeSns()

    SnsSink(TOPIC, sns).write(notices(23))

    assert [len(request) for request in sns.requests] == [10, 10, 3]
    assert sns.taken == [f"subject {number}" for number in range(23)]


@given(st.lists(st.integers(1, BATCH_BYTES), max_size=40), st.sampled_from(["x", "ü"]))
def test_a_request_keeps_to_the_limits_and_nothing_is_left_out(sizes: list[int], text: str) -> None:
    made = [notice(number, size, text) for number, size in enumerate(sizes)]

    packed = list(pack(made))

    assert [each for together in packed for each in together] == made
    for together in packed:
        assert len(together) <= ENTRIES
        assert len(together) == 1 or sum(each.size() for each in together) <= BATCH_BYTES


def test_written_twice_it_is_published_once() -> None:
    sns = FakeSns()
    sink: Sink[Notice] = SnsSink(TOPIC, sns)
    for _ in range(2):
        sink.write([*notices(3), notice(1)])

    assert sns.taken == ["subject 0", "subject 1", "subject 2"]


def test_it_forgets_the_oldest_ids() -> None:
    sink = SnsSink(TOPIC, FakeSns(), remembered=2)

    sink.write(notices(3))

    assert [f"alert-{number}" in sink for number in range(3)] == [False, True, True]


@pytest.mark.parametrize(
    "failure",
    [
        {"Code": "InternalError", "Message": "oops", "SenderFault": False},
        {"Code": "Throttling", "Message": "slow", "SenderFault": True},
    ],
)
def test_after_a_failure_halfway_a_repetition_sends_what_failed_and_nothing_else(failure: Failure) -> None:
    bad = {"subject 4", "subject 7"}
    sns = FakeSns(lambda entry: failure if entry["Subject"] in bad else None)
    sink = SnsSink(TOPIC, sns)

    with pytest.raises(NotificationsUnavailableError, match="2 of 10"):
        sink.write(notices(12))
    bad.clear()
    sink.write(notices(12))

    assert [each["Subject"] for each in sns.requests[1]] == ["subject 4", "subject 7", "subject 10", "subject 11"]
    assert sorted(sns.taken) == sorted(f"subject {number}" for number in range(12))


def test_what_the_sender_is_at_fault_for_is_reported_and_the_others_go_out() -> None:
    fault = {"Code": "InvalidParameter", "Message": "Invalid parameter: Subject", "SenderFault": True}
    sns = FakeSns(lambda entry: fault if entry["Subject"] == "subject 2" else None)

    with pytest.raises(NotificationsRefusedError, match="1 notices: alert-2") as caught:
        SnsSink(TOPIC, sns).write(notices(15))

    assert dict(caught.value.refused) == {"alert-2": "InvalidParameter: Invalid parameter: Subject"}
    assert len(sns.taken) == 14


def test_a_request_that_is_refused_for_one_notice_does_not_keep_the_others_back() -> None:
    def fail(entry: dict[str, Any]) -> None:
        if entry["Subject"] == "subject 6":
            raise refusal("InvalidParameter", message="Invalid parameter: Message too long")

    sns = FakeSns(fail)

    with pytest.raises(NotificationsRefusedError) as caught:
        SnsSink(TOPIC, sns).write(notices(10))

    assert list(caught.value.refused) == ["alert-6"]
    assert len(sns.taken) == 9


def raising(error: Exception) -> Callable[[dict[str, Any]], Failure | None]:
    def fail(entry: dict[str, Any]) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [
        refusal("InternalError", 500),
        refusal("Throttling"),
        refusal("KMSThrottling"),
        refusal("TooManyRequests", 429),
        EndpointConnectionError(endpoint_url="http://sns"),
    ],
)
def test_what_passes_by_itself_may_be_tried_again(error: Exception) -> None:
    with pytest.raises(NotificationsUnavailableError):
        SnsSink(TOPIC, FakeSns(raising(error))).write(notices(1))


@pytest.mark.parametrize(
    "error",
    [
        refusal("NotFound", 404),
        refusal("AuthorizationError", 403),
        refusal("InvalidParameter", 400, "Invalid parameter: TopicArn"),
        NoCredentialsError(),
    ],
)
def test_what_somebody_has_to_mend_is_named_and_refuses_no_notice(error: Exception) -> None:
    sns = FakeSns(raising(error))

    with pytest.raises(NotificationError, match=f"publish to {TOPIC}") as caught:
        SnsSink(TOPIC, sns).write(notices(3))

    assert type(caught.value) is NotificationError
    assert len(sns.requests) == 1


def test_a_fifo_topic_keeps_accounts_in_order_and_deduplicates_by_the_alerts_id() -> None:
    taken: list[dict[str, Any]] = []

    class Fifo:
        def publish_batch(self, **request: Any) -> Any:
            taken.extend(request["PublishBatchRequestEntries"])
            return {"Successful": [{"Id": each["Id"]} for each in request["PublishBatchRequestEntries"]]}

    SnsSink(f"{TOPIC}.fifo", Fifo()).write(notices(2))

    assert [(each["MessageGroupId"], each["MessageDeduplicationId"]) for each in taken] == [
        ("group-0", "alert-0"),
        ("group-1", "alert-1"),
    ]
