"""Hands records to Kafka in their order from an event loop, and waits until the broker has them all."""

import asyncio
from collections.abc import Iterable

from confluent_kafka import KafkaError, Message, Producer

from stream.batching.producer import Outgoing
from stream.errors import BrokerUnavailable
from stream.kinesis.conversion import Placed
from stream.settings import Settings
from stream.targets import PRODUCER

LARGEST_MESSAGE_BYTES = 1_048_000
"""A dead letter has up to 1,000,000 bytes, and Kafka's topics take 1 MiB."""
_LINGER_MS = 5
_NAP_SECONDS = 0.002
_POLL_EVERY = 500


class Sender:
    """One idempotent producer: records of a partition stay in the order in which they are sent, none twice."""

    def __init__(self, settings: Settings) -> None:
        limits = {"message.max.bytes": str(LARGEST_MESSAGE_BYTES), "linger.ms": str(_LINGER_MS)}
        self._producer = Producer({**settings.kafka_client(), **PRODUCER, **limits})

    async def send(self, placed: Iterable[Placed]) -> None:
        """Send records and return when every replica in sync has them; raise as `wait` does."""
        delivery = Delivery()
        await self.begin(placed, delivery)
        await self.wait(delivery)

    async def begin(self, placed: Iterable[Placed], delivery: "Delivery") -> None:
        """Hand records over; `delivery` knows which are still on their way."""
        for number, (topic, partition, record) in enumerate(placed, 1):
            await self._produce(topic, partition, record, delivery)
            if number % _POLL_EVERY == 0:
                self._producer.poll(0)

    async def wait(self, delivery: "Delivery") -> None:
        """Return when every replica in sync has the records of a delivery.

        Raises:
            BrokerUnavailable: one was given up.
        """
        while delivery.waiting:
            self._producer.poll(0)
            await asyncio.sleep(_NAP_SECONDS)
        delivery.check()

    async def _produce(self, topic: str, partition: int, record: Outgoing, delivery: "Delivery") -> None:
        headers: list[tuple[str, str | bytes | None]] = [*record.headers]
        while True:
            try:
                self._producer.produce(
                    topic,
                    record.value,
                    record.key,
                    partition=partition,
                    headers=headers,
                    on_delivery=delivery.done,
                )
            except BufferError:
                # The queue is full: the broker sets the pace for a moment.
                self._producer.poll(0)
                await asyncio.sleep(_NAP_SECONDS)
            else:
                delivery.waiting += 1
                return


class Delivery:
    """What is still to be acknowledged of some records."""

    def __init__(self) -> None:
        self.waiting = 0
        self._failure: KafkaError | None = None

    def done(self, error: KafkaError | None, _message: Message) -> None:
        """Take in what became of one."""
        self.waiting -= 1
        self._failure = self._failure or error

    def check(self) -> None:
        """Raise if one was given up."""
        if self._failure is not None:
            raise BrokerUnavailable(
                f"Kafka did not take a record ({self._failure.str()}): what is not acknowledged is read again"
                " after a restart; check the brokers and the right to write"
            )
