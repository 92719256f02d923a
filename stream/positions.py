"""Looks where everybody is: what the group has committed, what the logs hold, how far the memories have come. It
writes nothing; `stream/losses.py` judges.
"""

import asyncio
import time
from collections.abc import Container, Iterable, Mapping

import stamina
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from faust.types import TP

from stream.errors import BrokerUnavailable, StreamError
from stream.head import Head, decode_head, head_key
from stream.losses import LogRange, Partition, Positions, check, check_identity, check_logs, refuse
from stream.settings import Settings
from stream.topic_ids import TopicIds, find_topic_ids
from stream.topics import ALERTS, ASSESSMENTS, ENRICHED, LABELS, MERCHANT_ACTIVITY, TRANSACTIONS

log = structlog.get_logger(__name__)

BATCHED = (TRANSACTIONS, LABELS, ENRICHED, MERCHANT_ACTIVITY, ASSESSMENTS)
"""Topics that the group reads and commits; alerts too, where people are told of them."""
SIDE_INPUTS = frozenset({LABELS})
"""Payments go on without them: while they have no leader, only their ids are judged. What their logs hold shows
when records come again: the consumer looks at them if they do not continue where it left off."""
ANSWER_SECONDS = 10.0
LOOK_SECONDS = 30.0
"""How long a look is tried again while a broker is away."""
_TAIL = (1, 100, 10_000, 1_000_000)
"""Records from the end among which the head of a partition is looked for: it is the last of each batch."""
_FORBIDDEN = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED)
_POLL_SECONDS = 0.05
"""Longer waits may block their whole length (confluent-kafka-python issue 2215)."""


def look(settings: Settings) -> Positions:
    """Look at everything that the group reads.

    Raises:
        StreamError: the broker does not answer, or not to this user.
    """
    with _Reader(settings) as reader:
        topics = BATCHED if settings.sns_topic_arn is None else (*BATCHED, ALERTS)
        held = [Partition(topic, each) for topic in topics for each in range(settings.partitions)]
        # In this order, since workers may go on meanwhile: heads run ahead of commits, logs ahead of heads.
        return reader.look(reader.committed(held))


class PositionWatch:
    """Keeps a worker from going on where something was lost; `topics` are the ids at its start."""

    def __init__(self, settings: Settings, topics: TopicIds) -> None:
        self._settings = settings
        self._topics = topics

    async def on_resume(self, committed: Mapping[TP, int | None]) -> None:
        """Judge the partitions that were assigned.

        Raises:
            RecordsLost: something cannot be read any more.
        """
        if committed:
            await asyncio.to_thread(self._judge, {Partition(*tp): offset for tp, offset in committed.items()})

    async def on_step_back(self, tp: TP, expected: int) -> None:
        """Judge a log that gives older records than it did before.

        Raises:
            RecordsLost: it is another one, or was cut off.
        """
        await asyncio.to_thread(self._judge_log, Partition(*tp), expected)

    @stamina.retry(on=BrokerUnavailable, attempts=None, timeout=LOOK_SECONDS)
    def _judge(self, committed: Mapping[Partition, int | None]) -> None:
        with _Reader(self._settings) as reader:
            positions = reader.look(committed, SIDE_INPUTS)
        changed, lost = check_identity(self._topics, positions.topics), check(positions)
        anew = {loss.topic for loss in changed}
        refuse([*changed, *(loss for loss in lost if loss.topic not in anew)])

    @stamina.retry(on=BrokerUnavailable, attempts=None, timeout=LOOK_SECONDS)
    def _judge_log(self, at: Partition, expected: int) -> None:
        with _Reader(self._settings) as reader:
            topics, logs = reader.topics(), reader.logs([at])
        refuse([*check_identity(self._topics, topics), *check_logs({at: expected}, logs)])


class _Reader:
    """Asks one broker one thing after the other."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = settings.kafka_client()
        self._consumer = Consumer(
            {
                **self._client,
                "group.id": settings.app_id,
                "enable.auto.commit": "false",
                "enable.partition.eof": "true",
                # As Faust reads: what lies behind an open transaction of a producer counts as there.
                "isolation.level": "read_uncommitted",
                "fetch.wait.max.ms": "10",
            }
        )

    def __enter__(self) -> "_Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def look(self, committed: Mapping[Partition, int | None], optional: Container[str] = ()) -> Positions:
        """Look at all heads, and at the logs of the partitions that are to be judged.

        Partitions of `optional` topics are left out if nobody tells what they hold.
        """
        heads = self.heads()
        logs = self.logs(committed, optional)
        return Positions({at: committed[at] for at in logs}, logs, heads, self.topics())

    def topics(self) -> TopicIds:
        """Ask for the topics' ids."""
        return find_topic_ids(AdminClient({**self._client}), timeout_s=ANSWER_SECONDS)

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, int | None]:
        """Ask what the group has committed."""
        try:
            answers = self._consumer.committed([TopicPartition(*each) for each in partitions], ANSWER_SECONDS)
        except KafkaException as error:
            raise _untold(
                self._settings, f"the offsets of the group {self._settings.app_id}", error.args[0]
            ) from error
        told = {Partition(each.topic, each.partition): each.offset for each in answers}
        return {at: offset if offset >= 0 else None for at, offset in told.items()}

    def logs(self, partitions: Iterable[Partition], optional: Container[str] = ()) -> dict[Partition, LogRange]:
        """Ask what partitions hold; an `optional` topic is left out from the first that nobody tells of."""
        found: dict[Partition, LogRange] = {}
        away: set[str] = set()
        for each in partitions:
            if each.topic in away:
                continue
            try:
                found[each] = self._log(each)
            except BrokerUnavailable:
                if each.topic not in optional:
                    raise
                away.add(each.topic)
                log.warning("a side input is away; payments go on without it", topic=each.topic)
        return found

    def heads(self) -> dict[int, Head]:
        """Read the newest head of each partition from the memories' changelog."""
        topic = self._settings.changelog_topic
        logs = self.logs(Partition(topic, each) for each in range(self._settings.partitions))
        left = {at: log for at, log in logs.items() if log.end > log.first}
        found: dict[int, Head] = {}
        for length in (*_TAIL, max((log.end for log in left.values()), default=0)):
            starts = {at: max(log.first, log.end - length) for at, log in left.items()}
            for at, data in self._newest_heads(starts).items():
                found[at.partition] = decode_head(data)
            left = {at: log for at, log in left.items() if at.partition not in found and starts[at] > log.first}
        return found

    def _log(self, at: Partition) -> LogRange:
        try:
            first, end = self._consumer.get_watermark_offsets(TopicPartition(*at), ANSWER_SECONDS)
        except KafkaException as error:
            raise _untold(self._settings, at.topic, error.args[0]) from error
        return LogRange(first, end)

    def _newest_heads(self, starts: Mapping[Partition, int]) -> dict[Partition, bytes]:
        """Read partitions from some offsets to their ends; return the last head of each, if there is one."""
        newest: dict[Partition, bytes] = {}
        left = set(starts)
        self._consumer.assign([TopicPartition(*at, start) for at, start in starts.items()])
        deadline = time.monotonic() + ANSWER_SECONDS
        while left:
            message = self._consumer.poll(_POLL_SECONDS)
            if message is None:
                if time.monotonic() > deadline:
                    raise BrokerUnavailable(f"nothing came from the changelog for {ANSWER_SECONDS:g} s")
                continue
            deadline = time.monotonic() + ANSWER_SECONDS
            at, value = Partition(str(message.topic()), int(message.partition() or 0)), message.value()
            if self._is_end(message):
                left.discard(at)
            elif message.key() == head_key(at.partition) and isinstance(value, bytes):
                newest[at] = value
        return newest

    def _is_end(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return False
        if error.code() == KafkaError._PARTITION_EOF:
            return True
        raise _untold(self._settings, self._settings.changelog_topic, error)


def _untold(settings: Settings, what: str, error: KafkaError) -> StreamError:
    if error.code() in _FORBIDDEN:
        return StreamError(
            f"the broker does not let this user look at {what} ({error.str()}): see Permissions in docs/kafka.md"
        )
    return BrokerUnavailable(f"the broker at {settings.kafka_bootstrap} does not tell {what} ({error.str()})")
