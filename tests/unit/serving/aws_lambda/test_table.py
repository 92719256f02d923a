"""What DynamoDB's answers mean, on a fake of its client."""

from collections.abc import Callable
from typing import Any

import pytest
import stamina
from botocore.exceptions import ClientError, EndpointConnectionError

from serving.aws_lambda.table import Change, Item, MemoryTable
from serving.aws_lambda.working import WorkingMemory
from serving.errors import MemoriesChanged, MemoriesUnavailable, ServingError

CHANGE = Change("account/A1", b"\0\1", 3)


class Client:
    """Answers with one thing after the other; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def _call(self, **request: Any) -> Any:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    batch_get_item = transact_write_items = _call


def refusal(code: str, status: int = 400, reasons: tuple[str, ...] = ()) -> ClientError:
    answer = {
        "Error": {"Code": code, "Message": "of account A1"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(answer, "TransactWriteItems")


def item(key: str, value: bytes, version: int) -> dict[str, Any]:
    return {"key": {"S": key}, "value": {"B": value}, "version": {"N": str(version)}}


@pytest.fixture(autouse=True)
def _no_waiting() -> Any:
    with stamina.set_testing(True, attempts=2):
        yield


def test_a_write_demands_the_version_that_was_read() -> None:
    client = Client({})
    MemoryTable(client, "memories").write([CHANGE, Change("head/s", b"{}", 0)])
    [changed, new] = [each["Put"] for each in client.asked[0]["TransactItems"]]
    assert changed["Item"]["version"] == {"N": "4"}
    assert changed["ExpressionAttributeValues"] == {":read": {"N": "3"}}
    assert new["ConditionExpression"] == "attribute_not_exists(#key)"


def test_keys_that_were_not_looked_at_are_asked_for_again() -> None:
    left = {"memories": {"Keys": [{"key": {"S": "b"}}]}}
    client = Client(
        {"Responses": {"memories": [item("a", b"1", 1)]}, "UnprocessedKeys": left},
        {"Responses": {"memories": [item("b", b"2", 7)]}, "UnprocessedKeys": {}},
    )
    assert MemoryTable(client, "memories").read(["a", "b"]) == {"a": Item(b"1", 1), "b": Item(b"2", 7)}
    assert client.asked[1]["RequestItems"]["memories"]["Keys"] == [{"key": {"S": "b"}}]
    assert client.asked[1]["RequestItems"]["memories"]["ConsistentRead"]


def test_more_keys_than_a_request_takes_are_asked_for_in_several() -> None:
    client = Client(*[{"Responses": {}}] * 3)
    assert MemoryTable(client, "memories").read([f"k{number}" for number in range(250)]) == {}
    assert [len(each["RequestItems"]["memories"]["Keys"]) for each in client.asked] == [100, 100, 50]


@pytest.mark.parametrize(
    "busy",
    [
        lambda: refusal("ProvisionedThroughputExceededException"),
        lambda: refusal("TransactionCanceledException", reasons=("None", "ThrottlingError")),
        lambda: refusal("TransactionCanceledException", reasons=("TransactionConflict",)),
        lambda: refusal("InternalServerError", 500),
        lambda: EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
    ],
)
def test_a_busy_table_is_asked_again(busy: Callable[[], Exception]) -> None:
    client = Client(busy(), {})
    MemoryTable(client, "memories").write([CHANGE])
    assert len(client.asked) == 2
    with pytest.raises(MemoriesUnavailable):
        MemoryTable(Client(busy(), busy()), "memories").write([CHANGE])


def test_a_memory_that_somebody_else_wrote_is_no_matter_of_patience() -> None:
    client = Client(refusal("TransactionCanceledException", reasons=("ConditionalCheckFailed", "ThrottlingError")))
    with pytest.raises(MemoriesChanged):
        MemoryTable(client, "memories").write([CHANGE])


def test_a_final_refusal_says_what_to_do_and_names_no_account() -> None:
    with pytest.raises(ServingError, match="dynamodb:PutItem") as caught:
        MemoryTable(Client(refusal("AccessDeniedException")), "memories").write([CHANGE])
    assert "A1" not in str(caught.value)


def test_steps_presume_what_the_steps_before_them_have_written() -> None:
    memory = WorkingMemory({"a": Item(b"1", 4)})
    memory.put("a", b"2")
    memory.put("b", b"3")
    assert memory.take() == [Change("a", b"2", 4), Change("b", b"3", 0)]
    memory.put("a", b"5")
    assert memory.take() == [Change("a", b"5", 5)]
    assert memory.take() == []
