"""Publishes notices to an SNS topic in batches; which alerts become notices is decided elsewhere.

It neither waits nor retries: whoever repeats a write sends again what failed and nothing else, because the ids of
what was published are remembered. Only in memory: after a crash a notice can come twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from sinks import aws
from sinks.errors import NotificationError, NotificationsRefusedError, NotificationsUnavailableError
from sinks.notices import Notice
from sinks.restraint import RecentIds

ENTRIES = 10
BATCH_BYTES = 256 * 1024
"""Both are limits of the action PublishBatch; the bytes are those of all its messages together."""
REMEMBERED = 50_000

_BUSY_CODES = ("Throttl", "RequestLimitExceeded", "InternalError", "ServiceUnavailable", "InternalFailure")
_CONTENT_CODES = ("InvalidParameter", "ParameterValueInvalid", "BatchRequestTooLong", "ValidationError")

Refused = dict[str, str]
"""Why, by the id of the notice."""


class SnsSink:
    """A `Sink` of notices. Those with an id that was published are left out."""

    def __init__(self, topic_arn: str, client: Any, remembered: int = REMEMBERED) -> None:
        self._topic = topic_arn
        self._client = client
        self._fifo = topic_arn.endswith(".fifo")
        self._published = RecentIds(remembered)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._published

    def write(self, batch: Sequence[Notice]) -> None:
        """Publish what was not published yet, in its order.

        Raises `NotificationsUnavailableError` when it is worth trying again, `NotificationsRefusedError` when SNS
        took all but some notices and never will take these, another `NotificationError` when somebody has to mend
        the cause.
        """
        wanted = {notice.id: notice for notice in batch if notice.id not in self._published}
        refused: Refused = {}
        for together in pack(list(wanted.values())):
            refused |= self._publish(together)
        if refused:
            raise NotificationsRefusedError(f"SNS refuses {len(refused)} notices: {_first(refused)}", refused)

    def _publish(self, notices: Sequence[Notice]) -> Refused:
        """Publish what fits into one request; a request that is refused for its content is halved."""
        try:
            answer = self._client.publish_batch(
                TopicArn=self._topic,
                PublishBatchRequestEntries=[self._entry(*each) for each in enumerate(notices)],
            )
        except ClientError as error:
            if not _is_about_content(error):
                raise _error(error, self._topic) from error
            return self._halved(notices, error)
        except BotoCoreError as error:
            raise _error(error, self._topic) from error
        for each in answer.get("Successful", ()):
            self._published.add(notices[int(each["Id"])].id)
        return self._failures(notices, answer.get("Failed", ()))

    def _halved(self, notices: Sequence[Notice], error: ClientError) -> Refused:
        if len(notices) == 1:
            return {notices[0].id: str(error)}
        middle = len(notices) // 2
        return self._publish(notices[:middle]) | self._publish(notices[middle:])

    def _failures(self, notices: Sequence[Notice], failed: Sequence[Mapping[str, Any]]) -> Refused:
        refused: Refused = {}
        for each in failed:
            told = f"{each['Code']}: {each.get('Message', '')}"
            # SNS calls throttling a fault of the sender's, too.
            if not each.get("SenderFault") or _is_busy(each["Code"]):
                raise NotificationsUnavailableError(
                    f"SNS did not take {len(failed)} of {len(notices)} notices ({told}); try again later"
                )
            refused[notices[int(each["Id"])].id] = told
        return refused

    def _entry(self, index: int, notice: Notice) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "Id": str(index),
            "Subject": notice.subject,
            "Message": notice.message,
            "MessageStructure": "json",
            "MessageAttributes": {
                each.name: {"DataType": each.kind, "StringValue": each.value} for each in notice.attributes
            },
        }
        if self._fifo:
            entry |= {"MessageGroupId": notice.group, "MessageDeduplicationId": notice.id}
        return entry


def open_topic(topic_arn: str, endpoint: str | None = None) -> SnsSink:
    """Return the sink of a topic, in the topic's own region; `endpoint` as for `sinks.aws.client`."""
    return SnsSink(topic_arn, aws.client("sns", endpoint, region=topic_arn.split(":")[3]))


def pack(notices: Sequence[Notice]) -> Iterator[list[Notice]]:
    """Split notices, in their order, into as few requests as SNS's limits allow; a giant goes alone."""
    together: list[Notice] = []
    size = 0
    for notice in notices:
        if together and (len(together) == ENTRIES or size + notice.size() > BATCH_BYTES):
            yield together
            together, size = [], 0
        together.append(notice)
        size += notice.size()
    if together:
        yield together


def _error(error: BotoCoreError | ClientError, topic: str) -> NotificationError:
    """Say which failures pass by themselves and which somebody has to mend."""
    if isinstance(error, HTTPClientError | NoConnectionError):
        return NotificationsUnavailableError(f"SNS does not answer ({error}); check its address")
    if not isinstance(error, ClientError):
        return NotificationError(f"could not publish to {topic}: {error}; check the AWS settings")
    code = _code(error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS or _is_busy(code):
        return NotificationsUnavailableError(f"SNS is busy or failing ({code}); try again later")
    return NotificationError(
        f"could not publish to {topic}: SNS refuses it ({error}); check that RISKSTREAM_SNS_TOPIC_ARN names a"
        " topic that exists and that the credentials allow sns:Publish on it"
    )


def _is_about_content(error: ClientError) -> bool:
    """Tell whether one of the notices is at fault, not the topic or whoever publishes."""
    told = error.response.get("Error", {}).get("Message", "")
    return _code(error).startswith(_CONTENT_CODES) and "TopicArn" not in told


def _is_busy(code: str) -> bool:
    return code.startswith(_BUSY_CODES) or "Throttl" in code


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _first(refused: Refused) -> str:
    id_, why = next(iter(refused.items()))
    return f"{id_} ({why})"
