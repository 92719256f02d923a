"""How far each shard has been passed on, kept in the compacted topic `kinesis-checkpoints`.

Whoever writes here has Kafka's acknowledgement of every record up to that point. Adapters see one another's
checkpoints by reading the topic on.
"""

import time
from collections.abc import Iterator
from types import TracebackType

import msgspec
import stamina
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from stream.errors import BrokerUnavailable, StreamError
from stream.kinesis.shards import Checkpoint
from stream.settings import Settings
from stream.topics import KINESIS_CHECKPOINTS

ANSWER_SECONDS = 10.0
_POLL_SECONDS = 0.05
_MOST = 1000

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Checkpoint).decode


class CheckpointLog:
    """The checkpoints of one application, by stream source and shard; entering reads the whole topic."""

    def __init__(self, settings: Settings) -> None:
        self._app_id = settings.app_id
        self._consumer = Consumer(
            {
                **settings.kafka_client(),
                # Demanded by the client, but nobody joins it: partitions are assigned by hand.
                "group.id": f"{settings.app_id}-kinesis",
                "enable.auto.commit": "false",
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": "100",
                # A broker that is away for a while is no error of a partition, and would look like one.
                "error_cb": lambda _error: None,
            }
        )
        self._known: dict[str, dict[str, Checkpoint]] = {}
        self._own: set[tuple[str, str]] = set()

    def __enter__(self) -> "CheckpointLog":
        try:
            self._read_all()
        except BaseException:
            self._consumer.close()
            raise
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._consumer.close()

    def sources(self) -> Iterator[str]:
        """Yield the stream sources that have checkpoints."""
        yield from self._known

    def of(self, source: str) -> dict[str, Checkpoint]:
        """Return the checkpoints of a stream by shard, as far as they were read."""
        return self._known.setdefault(source, {})

    def catch_up(self) -> None:
        """Take in what was written meanwhile, by other adapters too; returns at once."""
        for message in self._consumer.consume(_MOST, timeout=0):
            self._take(message)

    def note(self, source: str, shard_id: str, checkpoint: Checkpoint) -> tuple[bytes, bytes]:
        """Remember a checkpoint of one's own; return the key and value to write."""
        self._own.add((source, shard_id))
        self.of(source)[shard_id] = checkpoint
        return f"{self._app_id}/{source}/{shard_id}".encode(), _encode(checkpoint)

    @stamina.retry(on=BrokerUnavailable, attempts=None, timeout=ANSWER_SECONDS)
    def _read_all(self) -> None:
        """Read the topic to its end; a broker that has just started, or lost its leader, is asked again."""
        try:
            self._read_to_the_end()
        except KafkaException as error:
            raise BrokerUnavailable(
                f"topic {KINESIS_CHECKPOINTS} cannot be read: {error.args[0].str()}"
            ) from error

    def _read_to_the_end(self) -> None:
        topic = self._consumer.list_topics(KINESIS_CHECKPOINTS, timeout=ANSWER_SECONDS).topics[KINESIS_CHECKPOINTS]
        if topic.error is not None:
            raise StreamError(
                f"topic {KINESIS_CHECKPOINTS} cannot be read ({topic.error.str()}): run `riskstream create-topics`"
            )
        whole = [TopicPartition(KINESIS_CHECKPOINTS, each, 0) for each in topic.partitions]
        ends = {
            each.partition: self._consumer.get_watermark_offsets(each, timeout=ANSWER_SECONDS) for each in whole
        }
        self._consumer.assign([TopicPartition(at.topic, at.partition, ends[at.partition][0]) for at in whole])
        behind = {partition: high for partition, (low, high) in ends.items() if low < high}
        deadline = time.monotonic() + ANSWER_SECONDS
        while behind:
            for message in self._consumer.consume(_MOST, timeout=_POLL_SECONDS):
                self._take(message)
                deadline = time.monotonic() + ANSWER_SECONDS
            for at in self._consumer.position([TopicPartition(KINESIS_CHECKPOINTS, each) for each in behind]):
                if at.offset >= behind[at.partition]:
                    del behind[at.partition]
            if time.monotonic() > deadline:
                raise BrokerUnavailable(f"topic {KINESIS_CHECKPOINTS} cannot be read to its end")

    def _take(self, message: Message) -> None:
        error, key, value = message.error(), message.key(), message.value()
        if error is not None:
            if error.retriable():
                return
            raise StreamError(f"topic {KINESIS_CHECKPOINTS} cannot be read: {error.str()}")
        application, _, rest = (key or b"").decode(errors="replace").partition("/")
        source, _, shard_id = rest.rpartition("/")
        # One's own come back late, when newer ones may be known already.
        if application != self._app_id or not source or (source, shard_id) in self._own:
            return
        try:
            self.of(source)[shard_id] = _decode(value or b"")
        except msgspec.DecodeError as broken:
            raise StreamError(
                f"topic {KINESIS_CHECKPOINTS}, partition {message.partition()}, offset {message.offset()} holds no"
                f" checkpoint ({broken}): somebody else writes there; write a record without value under its key"
            ) from broken
