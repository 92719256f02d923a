"""A Kafka broker inside this process, so that the demo and quick tests need nothing but Python.

It is librdkafka's mock cluster: the real protocol over real TCP, on loopback only. It is not durable and not a
broker to depend on: each partition keeps its newest 5 MiB or 100,000 batches and drops older records silently,
changelogs too; nothing is written to disk; a second member of a consumer group hangs; topics cannot be created
or configured by a client; an aborted transaction stays visible.
"""

import ctypes
import time
from collections.abc import Iterable
from types import TracebackType

from confluent_kafka import cimpl

from stream.errors import StreamError
from stream.topics import Topic

KEPT_BYTES_PER_PARTITION = 5 * 1024 * 1024
"""librdkafka's rdkafka_mock.c: the oldest batches of a fuller partition are dropped."""
_PRODUCER = 0
_QUIET = b"3"
_SETTLE_SECONDS = 0.002


class EmbeddedBrokerError(StreamError):
    """The embedded broker could not start."""


class EmbeddedBroker:
    """A broker that lives for one `with` block, its topics already made.

    Example:
        >>> from stream.topics import declared_topics
        >>> with EmbeddedBroker(declared_topics(partitions=4, app_id="demo")) as broker:
        ...     broker.bootstrap.startswith("127.0.0.1:")
        True
    """

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._topics = tuple(topics)
        self._library = _load_library()
        self._client: int | None = None
        self._cluster: int | None = None

    def __enter__(self) -> "EmbeddedBroker":
        self._client = self._new_client()
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, 1)
        if not self._cluster:
            self.close()
            raise EmbeddedBrokerError("the embedded broker could not listen on 127.0.0.1: is loopback blocked?")
        # Without this a first group member waits 3 s for others, who would hang here anyway.
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        for topic in self._topics:
            self.create_topic(topic.name, topic.partitions)
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def bootstrap(self) -> str:
        """The broker's address, `127.0.0.1:port`."""
        address: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._running())
        return address.decode()

    def create_topic(self, name: str, partitions: int) -> None:
        """Make one more topic; a topic that nobody made appears with 4 partitions on first use."""
        failure = self._library.rd_kafka_mock_topic_create(self._running(), name.encode(), partitions, 1)
        # The mock's thread throws away wake-ups that arrive while it answers, so that a call made at once could
        # lie there for a second.
        time.sleep(_SETTLE_SECONDS)
        if failure:
            raise EmbeddedBrokerError(f"the embedded broker already has a topic {name}")

    def close(self) -> None:
        """Stop listening and forget every record; safe to call twice."""
        if self._cluster:
            self._library.rd_kafka_mock_cluster_destroy(self._cluster)
            self._cluster = None
        if self._client:
            self._library.rd_kafka_destroy(self._client)
            self._client = None

    def _running(self) -> int:
        if self._cluster is None:
            raise EmbeddedBrokerError("the embedded broker is not running: use it inside its `with` block")
        return self._cluster

    def _new_client(self) -> int:
        """Make the librdkafka client that the mock cluster's thread and memory belong to."""
        reason = ctypes.create_string_buffer(512)
        conf = self._library.rd_kafka_conf_new()
        self._library.rd_kafka_conf_set(conf, b"log_level", _QUIET, reason, len(reason))
        client: int | None = self._library.rd_kafka_new(_PRODUCER, conf, reason, len(reason))
        if not client:
            raise EmbeddedBrokerError(f"librdkafka did not start: {reason.value.decode(errors='replace')}")
        return client


def _load_library() -> ctypes.CDLL:
    """Open the librdkafka that confluent-kafka carries; symbols are found through its extension module."""
    library = ctypes.CDLL(cimpl.__file__)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    signatures = {
        "rd_kafka_conf_new": (pointer, ()),
        "rd_kafka_conf_set": (number, (pointer, text, text, text, ctypes.c_size_t)),
        "rd_kafka_new": (pointer, (number, pointer, text, ctypes.c_size_t)),
        "rd_kafka_destroy": (None, (pointer,)),
        "rd_kafka_mock_cluster_new": (pointer, (pointer, number)),
        "rd_kafka_mock_cluster_destroy": (None, (pointer,)),
        "rd_kafka_mock_cluster_bootstraps": (text, (pointer,)),
        "rd_kafka_mock_topic_create": (number, (pointer, text, number, number)),
        "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, (pointer, ctypes.c_int32)),
    }
    for name, (result, parameters) in signatures.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise EmbeddedBrokerError(
                f"this confluent-kafka carries a librdkafka without {name}: install confluent-kafka from its"
                " wheel, or use Apache Kafka"
            ) from None
        function.restype, function.argtypes = result, parameters
    return library
