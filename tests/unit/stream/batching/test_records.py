"""Facts about the records of the batch path, made by aiokafka's own unpacking."""

import gc

from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord, TopicPartition

from stream.batching.records import FetchedRecords, Record

HEADERS = [("origin", b"transactions/1/5"), ("ingested-at", b"1763800000000")]


def _unpack(topic: str) -> list[Record | ConsumerRecord]:
    """Fetch one record batch of a topic, into a place where the records of `batched` are light."""
    builder = BatchBuilder(10_000, 0)
    builder.append(timestamp=1763800000123, key=b"k", value=b"v", headers=HEADERS)
    builder.append(timestamp=1763800000124, key=None, value=None, headers=[])
    tp = TopicPartition(topic, 3)
    unpacking = PartitionRecords(tp, MemoryRecords(bytes(builder._build())), None, 0, None, None, True, 0)
    fetched = FetchedRecords({"batched"})
    fetched[tp] = FetchResult(tp, assignment=None, partition_records=unpacking, backoff=0.0)
    return list(fetched[tp]._partition_records)


def test_a_light_record_says_what_aiokafkas_own_says() -> None:
    light, stock = _unpack("batched"), _unpack("other")

    assert [type(record) for record in light + stock] == [Record] * 2 + [ConsumerRecord] * 2
    for name in Record.__struct_fields__:
        values = [getattr(record, name) for record in stock]
        expected = ["batched"] * 2 if name == "topic" else values
        assert [getattr(record, name) for record in light] == expected


def test_the_collector_does_not_look_at_light_records() -> None:
    assert not any(map(gc.is_tracked, _unpack("batched")))


def test_an_error_in_place_of_records_is_kept_as_it_is() -> None:
    error = object()
    fetched = FetchedRecords({"batched"})

    fetched[TopicPartition("batched", 0)] = error

    assert list(fetched.values()) == [error]
