"""Each partition is written under an identity of its own; a release of aiokafka that changes this fails here."""

import inspect
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import MessageAccumulator
from aiokafka.producer.sender import Sender
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from stream.batching.identities import Identity, PartitionProducer, _Identities

ONE, TWO = TopicPartition("changelog", 0), TopicPartition("changelog", 1)


@pytest.fixture
async def producer() -> AsyncIterator[PartitionProducer]:
    made = PartitionProducer(bootstrap_servers="127.0.0.1:1")
    yield made
    await made.stop()


def stamp(producer: PartitionProducer, partition: TopicPartition, records: int) -> tuple[int, int, int]:
    """Queue a batch and take it out as the sender does; return producer id, epoch and sequence number."""
    accumulator = producer._message_accumulator
    builder = producer.create_batch()
    for _ in range(records):
        builder.append(timestamp=None, key=b"key", value=b"value")
    accumulator._append_batch(builder, partition)
    batch = accumulator._pop_batch(partition)
    batch.future.cancel()
    state = bytes(batch.get_data_buffer())[43:57]
    return tuple(int.from_bytes(state[start:end], "big") for start, end in ((0, 8), (8, 10), (10, 14)))


async def test_every_partition_has_its_own_identity_and_count(producer):
    producer.adopt(ONE, Identity(7, 3))
    producer.adopt(TWO, Identity(9, 0))
    assert [stamp(producer, ONE, 2), stamp(producer, TWO, 5), stamp(producer, ONE, 1)] == [
        (7, 3, 0),
        (9, 0, 0),
        (7, 3, 2),
    ]


async def test_a_new_identity_counts_from_zero(producer):
    producer.adopt(ONE, Identity(7, 3))
    stamp(producer, ONE, 2)
    producer.adopt(ONE, Identity(7, 4))
    assert stamp(producer, ONE, 1) == (7, 4, 0)


async def test_only_what_was_adopted_can_be_written(producer):
    producer.adopt(ONE, Identity(7, 3))
    assert producer.can_write(ONE)
    assert not producer.can_write(TWO)


async def test_the_producer_asks_no_broker_for_an_identity(producer):
    assert producer._txn_manager.has_pid()
    assert producer._txn_manager.transactional_id is None
    assert producer._txn_manager is producer._sender._txn_manager is producer._message_accumulator._txn_manager


@given(st.integers(0, 2**31 - 1), st.integers(1, 10_000))
def test_numbers_begin_again_at_zero_after_the_last(number, records):
    """Kafka, DefaultRecordBatch.incrementSequence: after 2**31 - 1 comes 0."""
    identities = _Identities.__new__(_Identities)
    identities._sequence_numbers = {ONE: number}
    identities.increment_sequence_number(ONE, records)
    left = 2**31 - 1 - number
    assert identities._sequence_numbers[ONE] == (number + records if records <= left else records - left - 1)


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (TransactionManager, "set_pid_and_epoch", ["self", "pid", "epoch"]),
        (TransactionManager, "maybe_add_partition_to_txn", ["self", "tp"]),
        (TransactionManager, "increment_sequence_number", ["self", "tp", "increment"]),
        (TransactionManager, "sequence_number", ["self", "tp"]),
        (TransactionManager, "has_pid", ["self"]),
    ],
)
def test_a_method_of_aiokafka_in_use_still_takes_the_same_parameters(owner, name, parameters):
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (AIOKafkaProducer, ("self._txn_manager = ", "self._message_accumulator = ", "self._sender = ")),
        (MessageAccumulator, ("self._txn_manager = ",)),
        (Sender, ("self._txn_manager = ", "_txn_manager.has_pid()")),
        (TransactionManager, ("self._pid_and_epoch = ", "self._sequence_numbers = ")),
    ],
)
def test_an_attribute_of_aiokafka_in_use_still_exists(owner, names):
    source = inspect.getsource(owner)
    assert not [name for name in names if name not in source]
