"""A topic with a queue behind it, on the AWS in this process."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from sinks import aws
from stream.embedded.aws import EmbeddedAws

GRAVE = {"risk_level": ["high", "critical"]}


@dataclass(frozen=True)
class Subscribed:
    """A topic, and a queue that gets what passes its filter."""

    topic_arn: str
    queue_url: str
    sqs: Any

    def received(self) -> list[dict[str, Any]]:
        """Take everything out of the queue and return the messages, each with SNS's envelope around it."""
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for each in messages:
                found.append(json.loads(each["Body"]))
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=each["ReceiptHandle"])
        return found

    def waiting(self) -> int:
        """Return how many messages the queue holds."""
        asked = self.sqs.get_queue_attributes(
            QueueUrl=self.queue_url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(asked["Attributes"]["ApproximateNumberOfMessages"])


@pytest.fixture
def subscribe(embedded_aws: EmbeddedAws) -> Callable[..., Subscribed]:
    """Make a topic of the test's own with a queue that filters: `subscribe(policy, fifo=False)`."""

    def make(policy: dict[str, Any], fifo: bool = False) -> Subscribed:
        sns, sqs = (aws.client(service, embedded_aws.endpoint) for service in ("sns", "sqs"))
        name = f"alerts-{uuid.uuid4().hex[:8]}" + (".fifo" if fifo else "")
        kind = {"FifoTopic": "true"} if fifo else {}
        topic = sns.create_topic(Name=name, Attributes=kind)["TopicArn"]
        queue = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        filters = {"FilterPolicy": json.dumps(policy)} if policy else {}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=filters)
        return Subscribed(topic, queue, sqs)

    return make
