"""Answers whoever asks whether a stage has come to a point of its topic: replays must not overtake themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord

from stream.batching.batch import Batch
from stream.batching.producer import Outgoing, send_records
from stream.headers import ECHO_KIND, KIND, find
from stream.stages.lanes import Effects, Stage
from stream.topics import MERCHANT_PROGRESS


def echo_key(topic: str, partition: int) -> bytes:
    """Return the key under which a stage answers for a partition of its topic.

    >>> echo_key("labels", 3)
    b'labels/3'
    """
    return f"{topic}/{partition}".encode()


@dataclass(frozen=True, slots=True)
class EchoEffects:
    """The effects of a batch, and the answers that may go out once they are durable."""

    effects: Effects | None
    """None where the batch holds questions only."""
    producer: AIOKafkaProducer
    partition: int
    answers: Sequence[Outgoing]

    async def apply(self) -> None:
        """Carry the batch's effects out, then answer."""
        if self.effects is not None:
            await self.effects.apply()
        for delivery in await send_records(self.producer, MERCHANT_PROGRESS, self.partition, self.answers):
            await delivery


@dataclass(frozen=True, slots=True)
class EchoStage:
    """A stage around another one, which never sees the questions.

    Batches of a partition have their effects in order, so an answer says: everything before the question has
    reached the topics that the stage writes to.
    """

    stage: Stage
    producer: AIOKafkaProducer

    async def compute(self, batch: Batch) -> Effects:
        """Compute what is no question."""
        asked = [record for record in batch.records if _is_question(record)]
        if not asked:
            return await self.stage.compute(batch)
        others = [record for record in batch.records if not _is_question(record)]
        effects = await self.stage.compute(replace(batch, records=others)) if others else None
        key = echo_key(batch.topic, batch.partition)
        answers = [Outgoing(key, record.value) for record in asked]
        return EchoEffects(effects, self.producer, batch.partition, answers)


def _is_question(record: ConsumerRecord) -> bool:
    return bool(record.headers) and find(record.headers, KIND) == ECHO_KIND
