"""Producer identities: who may write a partition is a matter between its writer's epoch and the broker.

It stands on private names of aiokafka 0.14 (checked in tests/unit/stream/batching), so that neither a transaction
for each batch nor a connection for each partition is needed. It knows nothing of tables or rebalances.
"""

from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerIdMapping, KafkaError
from aiokafka.producer.transaction_manager import PidAndEpoch, TransactionManager
from aiokafka.structs import TopicPartition

_SEQUENCES = 2**31
"""Kafka counts the records of a producer and partition in 31 bits, from 0 again after the last."""


class Identity(NamedTuple):
    """Of two writers of one producer id the broker refuses the one with the lower epoch."""

    producer_id: int
    epoch: int


class PartitionProducer(AIOKafkaProducer):
    """One idempotent producer that writes every partition under an identity of its own."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(enable_idempotence=True, **settings)
        identities = self._identities = _Identities()
        self._txn_manager = self._sender._txn_manager = self._message_accumulator._txn_manager = identities

    def adopt(self, partition: TopicPartition, identity: Identity) -> None:
        """Write a partition under a fresh identity from now on. Nothing may be under way there."""
        self._identities.adopt(partition, identity)

    def can_write(self, partition: TopicPartition) -> bool:
        """Tell whether the partition has an identity, be it one that has had its day."""
        return partition in self._identities


class _Identities(TransactionManager):
    """Stands in for the one identity that aiokafka gives a producer; it never asks a broker for one."""

    def __init__(self) -> None:
        super().__init__(None, 0)
        self._of: dict[TopicPartition, PidAndEpoch] = {}

    def adopt(self, partition: TopicPartition, identity: Identity) -> None:
        self._of[partition] = PidAndEpoch(*identity)
        self._sequence_numbers[partition] = 0

    def __contains__(self, partition: TopicPartition) -> bool:
        return partition in self._of

    def has_pid(self) -> bool:
        return True

    def sequence_number(self, tp: TopicPartition) -> int:
        """Return the number of the next record; aiokafka asks right before it stamps a batch with the identity."""
        self._pid_and_epoch = self._of[tp]
        number: int = super().sequence_number(tp)
        return number

    def increment_sequence_number(self, tp: TopicPartition, increment: int) -> None:
        """Count records as the broker does; aiokafka would go on with negative numbers, which it refuses."""
        self._sequence_numbers[tp] = (self._sequence_numbers[tp] + increment) % _SEQUENCES


async def claim(producer: AIOKafkaProducer, partition: TopicPartition) -> Identity:
    """Take a partition over: return an identity next to which the broker refuses all earlier ones there.

    The coordinator raises the epoch of the transactional id. The log of the partition hears of it by the end
    marker of a transaction without records; whatever an earlier writer still got in lies before that marker. It is
    certainly written when the coordinator takes another transaction. That takes some 20 ms, but up to 30 s while a
    broker is still making the partition of a topic just created: the coordinator's request waits for so long.

    Args:
        producer: made with the transactional id of the partition, not started; it is used up.
        partition: of the changelog.

    Raises:
        ProducerFenced: somebody else took it over at the same time.
        TransactionalIdAuthorizationFailed, TopicAuthorizationFailedError: the user lacks a right.
    """
    try:
        await producer.start()
        await _mark(producer, partition)
        await _mark(producer, partition)
        manager = producer._txn_manager
        return Identity(manager.producer_id, manager.producer_epoch)
    finally:
        await producer.stop()


async def renew(producer: AIOKafkaProducer, partition: TopicPartition, identity: Identity) -> None:
    """Remind coordinator and partition of an identity, as if it had written; both forget idle ones.

    Args:
        producer: as for `claim`. It does not ask for an identity: that would raise the epoch.

    Raises:
        ProducerFenced: somebody else has taken the partition over.
        InvalidProducerIdMapping: the coordinator had forgotten it already.
    """
    producer._txn_manager.set_pid_and_epoch(*identity)
    try:
        await producer.start()
        await _mark(producer, partition)
    except KafkaError as error:
        # aiokafka hands on a few refusals as they are, and hides the others behind this one.
        if isinstance(error.__cause__, InvalidProducerIdMapping):
            raise error.__cause__ from None
        raise
    finally:
        await producer.stop()


async def _mark(producer: AIOKafkaProducer, partition: TopicPartition) -> None:
    """Write an end marker to the partition: a transaction that it is part of, without records."""
    await producer.begin_transaction()
    producer._txn_manager.maybe_add_partition_to_txn(partition)
    await producer.commit_transaction()
