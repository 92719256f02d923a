"""Writes the positions that accept a loss: the group's offsets and the heads of partitions. It decides nothing,
and is for a time when no worker runs.
"""

import asyncio
import time
from collections.abc import Mapping
from functools import partial

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from faust.types import TP

from stream.batching.fencing import FencedWriter
from stream.batching.producer import Outgoing
from stream.errors import StreamError
from stream.head import Head, encode_head, head_key
from stream.kafka import changelog_producer, claimant
from stream.losses import Acceptance, Partition
from stream.settings import Settings

ANSWER_SECONDS = 10.0
_LOOK_SECONDS = 0.5


class WorkersRun(StreamError):
    """The group has members: what they are about to write would undo what is accepted."""


def require_no_workers(settings: Settings, wait_seconds: float = 0.0) -> None:
    """Return once the group has no members.

    Raises:
        WorkersRun: it still has some after `wait_seconds`.
    """
    deadline = time.monotonic() + wait_seconds
    while members := _members(settings):
        left = deadline - time.monotonic()
        if left <= 0:
            raise WorkersRun(
                f"the group {settings.app_id} has {members} members: stop all workers, and try again; one that was"
                f" killed counts for {settings.session_timeout_seconds:g} s more (--wait waits for that)"
            )
        time.sleep(min(left, _LOOK_SECONDS))


def write_positions(settings: Settings, acceptance: Acceptance) -> None:
    """Write offsets, then heads. Cut off in between, the next look finds what is left to accept.

    Raises:
        WorkersRun: a worker has come meanwhile, and nothing of it was written.
    """
    if acceptance.committed:
        _commit(settings, acceptance.committed)
    if acceptance.heads:
        asyncio.run(_write_heads(settings, acceptance.heads))


def _members(settings: Settings) -> int:
    admin = AdminClient({**settings.kafka_client()})
    try:
        asked = admin.describe_consumer_groups([settings.app_id], request_timeout=ANSWER_SECONDS)
        return len(asked[settings.app_id].result(ANSWER_SECONDS + 1).members)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
            return 0
        raise _refused(settings, error) from error


def _commit(settings: Settings, committed: Mapping[Partition, int]) -> None:
    offsets = [TopicPartition(*at, offset) for at, offset in committed.items()]
    wanted = ConsumerGroupTopicPartitions(settings.app_id, offsets)
    admin = AdminClient({**settings.kafka_client()})
    try:
        asked = admin.alter_consumer_group_offsets([wanted], request_timeout=ANSWER_SECONDS)
        written = asked[settings.app_id].result(ANSWER_SECONDS + 1).topic_partitions
    except KafkaException as error:
        raise _refused(settings, error) from error
    for each in written:
        if each.error is not None:
            raise _refused(settings, KafkaException(each.error))


def _refused(settings: Settings, error: KafkaException) -> StreamError:
    reason: KafkaError = error.args[0]
    if reason.code() in (KafkaError.NON_EMPTY_GROUP, KafkaError.UNKNOWN_MEMBER_ID):
        return WorkersRun(f"a worker has joined the group {settings.app_id}: stop all workers, and try again")
    return StreamError(
        f"the broker at {settings.kafka_bootstrap} refuses to show or set the offsets of the group"
        f" {settings.app_id} ({reason.str()}): it takes Read on the group and on its topics"
    )


async def _write_heads(settings: Settings, heads: Mapping[int, Head]) -> None:
    """Take the partitions over first, as a worker does: one that was paused cannot write over this any more."""
    topic = settings.changelog_topic
    writer = FencedWriter(
        changelog_producer(settings),
        partial(claimant, settings),
        settings.app_id,
        {topic},
        settings.session_timeout_seconds,
    )
    await writer.start()
    try:
        await writer.on_assigned({TP(topic, partition) for partition in heads}, 0)
        for partition, head in heads.items():
            await writer.append(topic, partition, [Outgoing(head_key(partition), encode_head(head))])
    finally:
        await writer.stop()
