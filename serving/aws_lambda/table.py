"""The memories in DynamoDB: read together, written all or nothing, each only if it still is as it was read.

A table's key is the attribute `key`, a string; items have `value` (binary) and `version` (number), marks have
`expires_at` (seconds since 1970), which is the table's time to live.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeVar

import stamina
from botocore.exceptions import BotoCoreError, ClientError

from serving.errors import MemoriesChanged, MemoriesUnavailable, ServingError

READ_ITEMS: Final = 100
"""Of one BatchGetItem; DynamoDB's limit."""
WRITE_ITEMS: Final = 100
"""Of one TransactWriteItems; DynamoDB's limit."""
ATTEMPTS: Final = 6
WAIT_SECONDS: Final = 0.05
LONGEST_WAIT_SECONDS: Final = 2.0
"""Between attempts, doubling: all take some two seconds. Kinesis redelivers what is not done by then."""

_BUSY: Final = {
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
}
_CHANGED: Final = "ConditionalCheckFailed"
_ADVICE: Final = "the batch will be delivered again; if this lasts, raise the capacity of the table"

Answer = TypeVar("Answer")


class Item(NamedTuple):
    """A memory as it was read."""

    value: bytes
    version: int


class Change(NamedTuple):
    """A memory to write."""

    key: str
    value: bytes
    version: int
    """That it was read with; 0 for one that must not exist yet."""


class MemoryTable:
    """One table. Its calls wait out throttling for some seconds, and raise MemoriesUnavailable then."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def read(self, keys: Collection[str]) -> dict[str, Item]:
        """Return the memories that exist, by key, as they are now."""
        found = self._get(keys)
        return {key: Item(item["value"]["B"], int(item["version"]["N"])) for key, item in found.items()}

    def write(self, changes: Sequence[Change]) -> None:
        """Write at most WRITE_ITEMS memories, all or none. Raises MemoriesChanged if one is not as it was read."""
        self._transact([self._conditional(change) for change in changes])

    def marked(self, names: Collection[str]) -> set[str]:
        """Tell which of some names were marked."""
        return set(self._get(names))

    def mark(self, names: Sequence[str], expires_at: int) -> None:
        """Mark names, until a time in seconds since 1970."""
        until = {"N": str(expires_at)}
        for start in range(0, len(names), WRITE_ITEMS):
            some = names[start : start + WRITE_ITEMS]
            self._transact([self._put({"key": {"S": name}, "expires_at": until}) for name in some])

    def _get(self, keys: Collection[str]) -> dict[str, Mapping[str, Any]]:
        distinct = [{"key": {"S": key}} for key in dict.fromkeys(keys)]
        items: list[Mapping[str, Any]] = []
        for start in range(0, len(distinct), READ_ITEMS):
            waiting = distinct[start : start + READ_ITEMS]
            while waiting:
                answered, waiting = _patiently(partial(self._get_some, waiting))
                items += answered
        return {item["key"]["S"]: item for item in items}

    def _get_some(
        self, keys: Sequence[Mapping[str, Any]]
    ) -> tuple[list[Mapping[str, Any]], list[dict[str, dict[str, str]]]]:
        """Ask for at most READ_ITEMS keys; the items that exist, and the keys that were not looked at."""
        request = {self._name: {"Keys": keys, "ConsistentRead": True}}
        answer = self._client.batch_get_item(RequestItems=request)
        waiting = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
        if len(waiting) == len(keys):
            raise MemoriesUnavailable(f"table {self._name} has answered for none of {len(keys)} keys; {_ADVICE}")
        return answer["Responses"].get(self._name, []), waiting

    def _transact(self, puts: Sequence[Mapping[str, Any]]) -> None:
        items = [{"Put": put} for put in puts]
        _patiently(lambda: self._client.transact_write_items(TransactItems=items))

    def _conditional(self, change: Change) -> dict[str, Any]:
        """A write that only happens if nobody else wrote meanwhile."""
        put = self._put(
            {
                "key": {"S": change.key},
                "value": {"B": change.value},
                "version": {"N": str(change.version + 1)},
            }
        )
        if not change.version:
            names = {"#key": "key"}
            return put | {"ConditionExpression": "attribute_not_exists(#key)", "ExpressionAttributeNames": names}
        return put | {
            "ConditionExpression": "#version = :read",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {":read": {"N": str(change.version)}},
        }

    def _put(self, item: Mapping[str, Any]) -> dict[str, Any]:
        return {"TableName": self._name, "Item": item}


def _patiently(call: Callable[[], Answer]) -> Answer:
    """Make a call, and make it again while the table is busy."""
    retried = stamina.retry_context(
        on=MemoriesUnavailable,
        attempts=ATTEMPTS,
        timeout=None,
        wait_initial=WAIT_SECONDS,
        wait_max=LONGEST_WAIT_SECONDS,
        wait_jitter=WAIT_SECONDS,
    )
    for attempt in retried:
        with attempt:
            return _tried(call)
    raise AssertionError("the last attempt returns or raises")


def _tried(call: Callable[[], Answer]) -> Answer:
    try:
        return call()
    except ClientError as error:
        raise _told(error) from error
    except BotoCoreError as error:
        raise MemoriesUnavailable(f"the table of memories does not answer ({error}); {_ADVICE}") from error


def _told(error: ClientError) -> ServingError:
    """What a refusal means. Neither the request nor the items are in the message: they hold account ids."""
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", ())}
    if _CHANGED in reasons:
        return MemoriesChanged("a memory was changed by somebody else; is every account's traffic in one shard?")
    if code in _BUSY or reasons & _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        named = ", ".join(sorted({code, *(reasons & _BUSY)}))
        return MemoriesUnavailable(f"the table of memories is busy or failing ({named}); {_ADVICE}")
    return ServingError(
        f"DynamoDB refuses ({code or status}): check the table's name, its key (`key`, a string), and the"
        " permissions dynamodb:BatchGetItem and dynamodb:PutItem"
    )
