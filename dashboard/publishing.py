"""Tells the stream what analysts decide: labels and suppressions, acknowledged or refused."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final, Protocol

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from dashboard.errors import PublishError
from dashboard.state.suppressions import Suppression
from detectors.labels import Label
from stream.targets import PRODUCER
from stream.topics import LABELS, SUPPRESSIONS

ACKNOWLEDGED_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.05
"""Longer waits may block their whole length (confluent-kafka-python issue 2215)."""

_encode = msgspec.json.Encoder().encode


class Publishing(Protocol):
    """Where decisions go."""

    async def label(self, label: Label) -> None:
        """Return once a label is in its topic; raise `PublishError` if it is not."""

    async def suppression(self, suppression: Suppression) -> None:
        """Return once a suppression is in its topic; raise `PublishError` if it is not."""


class KafkaPublishing:
    """Publishes to Kafka, by one idempotent producer."""

    def __init__(self, client: Mapping[str, str]) -> None:
        timeout = str(int(ACKNOWLEDGED_SECONDS * 1000))
        self._properties = {**client, **PRODUCER, "linger.ms": "0", "message.timeout.ms": timeout}
        self._producer: Producer | None = None

    async def label(self, label: Label) -> None:
        """Publish a label, keyed by account as `riskstream labels send` does."""
        await asyncio.to_thread(self._send, LABELS, label.account_id, _encode(label))

    async def suppression(self, suppression: Suppression) -> None:
        """Publish a suppression's present state."""
        await asyncio.to_thread(self._send, SUPPRESSIONS, suppression.id, _encode(suppression))

    def _send(self, topic: str, key: str, value: bytes) -> None:
        answers: list[KafkaError | None] = []

        def on_delivery(error: KafkaError | None, _message: Message) -> None:
            answers.append(error)

        if self._producer is None:
            self._producer = Producer(self._properties)
        producer = self._producer
        try:
            producer.produce(topic, value, key.encode(), on_delivery=on_delivery)
        except (KafkaException, BufferError) as error:
            self._producer = None  # a fatal error stays: the next attempt begins anew
            raise PublishError(_refused(topic, str(error))) from error
        deadline = time.monotonic() + ACKNOWLEDGED_SECONDS + 1.0
        while not answers and time.monotonic() < deadline:
            producer.poll(_POLL_SECONDS)
        if not answers or answers[0] is not None:
            why = "no answer" if not answers or answers[0] is None else answers[0].str()
            raise PublishError(_refused(topic, why))


def _refused(topic: str, why: str) -> str:
    return (
        f"the broker did not acknowledge the record for topic {topic} ({why}): nothing may have been saved; check"
        " that it runs and has the topic (`riskstream create-topics`), and say it again, which is harmless"
    )
