"""Whether rivals did the same work: their assessments beside those of the worker's own stage."""

import time
from collections.abc import Mapping, Sequence
from typing import Final

from confluent_kafka import Consumer, Message, TopicPartition

from benchmarks.speed.ground import ANSWER_SECONDS, Ground, header
from benchmarks.speed.process import RivalFailed
from stream.headers import ORIGIN
from stream.topics import ASSESSMENTS

COMPARED: Final = 200
"""Assessments of each rival that are read from each partition, from where it began to write."""

Answers = Mapping[bytes, bytes]
"""What was written about a payment, by the record that it came from."""


def read_answers(ground: Ground, starts: Sequence[int]) -> Answers:
    """Read the first assessments behind these offsets of the partitions; fewer where there are not so many."""
    client = ground.settings.kafka_client()
    consumer = Consumer({**client, "group.id": "speed-answers", "enable.auto.commit": "false"})
    found: dict[bytes, bytes] = {}
    try:
        for partition, end in enumerate(ground.ends(ASSESSMENTS)):
            consumer.assign([TopicPartition(ASSESSMENTS, partition, starts[partition])])
            found |= _read(consumer, min(COMPARED, end - starts[partition]))
    finally:
        consumer.close()
    return found


def _read(consumer: Consumer, count: int) -> Answers:
    messages: list[Message] = []
    deadline = time.monotonic() + ANSWER_SECONDS
    while len(messages) < count:
        messages += consumer.consume(count - len(messages), timeout=0.1)
        if time.monotonic() > deadline:
            raise RivalFailed(f"only {len(messages)} of {count} assessments could be read back")
    return {header(each, ORIGIN): each.value() or b"" for each in messages}


def same_answers(ours: Answers, theirs: Answers) -> float | None:
    """Share of the payments that both assessed whose assessments are the same bytes; None without any.

    >>> same_answers({b"a": b"1", b"b": b"2"}, {b"b": b"2", b"c": b"3"})
    1.0
    """
    common = ours.keys() & theirs.keys()
    return sum(ours[each] == theirs[each] for each in common) / len(common) if common else None
