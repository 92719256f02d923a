"""Everything that the function meets: tables, bucket, topic with its queue, queue of dead letters, a stream."""

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from detectors.assessment import Assessment
from detectors.memory_keys import account_key
from serving.aws_lambda.letters import Letter, read_letter
from sinks import aws
from sinks.alerts import AlertEvent, decode_alert
from sinks.archive import archive_folder
from sinks.s3 import ensure_bucket
from sinks.schema import columnise
from stream.embedded.aws import EmbeddedAws
from tests.aws.aws_lambda.runtime import Function, environment_of
from tests.aws.aws_lambda.throttling import ThrottledDynamoDb
from tests.aws.dynamodb.server import DynamoDbLocal

NONE_FAILED = {"batchItemFailures": []}
HANDLER = "serving.aws_lambda.handler.handler"


@dataclass
class Account:
    """An AWS account's worth of things, with names of their own."""

    endpoint: str
    name: str
    settings: dict[str, str]
    queue_url: str
    dead_letter_queue_url: str
    dynamodb: Any
    sqs: Any
    s3: Any
    function: Function
    throttled: ThrottledDynamoDb
    published: list[AlertEvent] = field(default_factory=list)

    def alerts(self) -> list[AlertEvent]:
        """Everything that has come to the subscriber so far."""
        self.published += [
            decode_alert(json.loads(body)["Message"].encode()) for body in self._taken(self.queue_url)
        ]
        return self.published

    def letters(self) -> list[Letter]:
        """The dead letters that are waiting."""
        return [read_letter(body) for body in self._taken(self.dead_letter_queue_url)]

    def memories(self, prefix: str = account_key("").decode()) -> dict[bytes, bytes]:
        """Memories by key, those of accounts unless told otherwise."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True)
        items = [item for page in pages for item in page["Items"]]
        return {
            item["key"]["S"].encode(): item["value"]["B"] for item in items if item["key"]["S"].startswith(prefix)
        }

    def objects(self) -> list[str]:
        """The names of the archive's objects."""
        found = self.s3.list_objects_v2(Bucket=self.name, Prefix=archive_folder("")).get("Contents", [])
        return [each["Key"] for each in found]

    def _taken(self, queue_url: str) -> Iterator[str]:
        while messages := self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
            for each in messages:
                yield each["Body"]
                self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=each["ReceiptHandle"])


@pytest.fixture(scope="session")
def dynamodb_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DynamoDbLocal]:
    """One server for the whole run; tables have names of their own."""
    with DynamoDbLocal(tmp_path_factory.mktemp("dynamodb") / "server.log") as server:
        yield server


@pytest.fixture
def account(
    embedded_aws: EmbeddedAws, dynamodb_local: DynamoDbLocal, bundle_directory: Path, tmp_path: Path
) -> Iterator[Callable[..., Account]]:
    """Make the account's things: `account(shards=1, **settings)`."""
    contexts: list[Any] = []

    def make(shards: int = 1, **settings: str) -> Account:
        name = f"lambda-{uuid.uuid4().hex[:8]}"
        services = ("sqs", "s3", "sns", "kinesis")
        clients = {service: aws.client(service, embedded_aws.endpoint) for service in services}
        clients["dynamodb"] = aws.client("dynamodb", dynamodb_local.endpoint)
        make_table(clients["dynamodb"], name)
        ensure_bucket(clients["s3"], name)
        clients["kinesis"].create_stream(StreamName=name, ShardCount=shards)
        topic = clients["sns"].create_topic(Name=name)["TopicArn"]
        queues = [
            clients["sqs"].create_queue(QueueName=f"{name}-{kind}")["QueueUrl"] for kind in ("alerts", "dead")
        ]
        arn = clients["sqs"].get_queue_attributes(QueueUrl=queues[0], AttributeNames=["QueueArn"])
        clients["sns"].subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
        throttled = ThrottledDynamoDb(dynamodb_local.endpoint)
        contexts.append(throttled.__enter__())
        chosen = {
            "bundle": str(bundle_directory),
            "memory_table": name,
            "s3_bucket": name,
            "sns_topic_arn": topic,
            "sns_per_minute": "100000",
            "dead_letter_queue_url": queues[1],
            **settings,
        }
        environment = environment_of(embedded_aws, **chosen) | {"AWS_ENDPOINT_URL_DYNAMODB": throttled.endpoint}
        function = Function(HANDLER, environment, tmp_path / "function.log")
        contexts.append(function.__enter__())
        return Account(
            embedded_aws.endpoint,
            name,
            chosen,
            *queues,
            clients["dynamodb"],
            clients["sqs"],
            clients["s3"],
            function,
            throttled,
        )

    yield make
    for context in reversed(contexts):
        context.__exit__(None, None, None)


def make_table(dynamodb: Any, name: str) -> None:
    """The table of memories, as docs/lambda.md describes it."""
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def rows(table: pa.Table) -> dict[str, dict[str, Any]]:
    """Archived rows by transaction, without where they came from."""
    told = table.drop_columns(["source_partition", "source_offset", "date"]).to_pylist()
    return {row["transaction_id"]: row for row in told}


def expected_rows(assessments: Sequence[Assessment]) -> dict[str, dict[str, Any]]:
    """What `rows` has to give."""
    table = columnise(assessments, 0, range(len(assessments)))
    return rows(table.append_column("date", pa.nulls(len(assessments))))


def told(assessments: Sequence[Assessment]) -> list[str]:
    """The ids of the alerts that somebody has to hear of."""
    return sorted(f"alert-{each.assessment_id}" for each in assessments if each.alert in ("new", "escalation"))
