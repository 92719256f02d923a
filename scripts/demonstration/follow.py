"""Follows the alerts topic beside the replay: prints each alert, and notes how long it took to get here."""

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from confluent_kafka import Consumer, Message, TopicPartition

from sinks.alerts import AlertEvent, decode_alert
from stream.headers import INGESTED_AT
from stream.topics import ALERTS

POLL_SECONDS = 0.02


class AlertFollower:
    """A subscriber in a thread of its own, for one `with` block. It deduplicates by event id."""

    def __init__(self, client: Mapping[str, str], show: Callable[[AlertEvent], None]) -> None:
        own = {"group.id": "demo-alerts", "enable.auto.commit": "false", "fetch.wait.max.ms": "10"}
        self._consumer = Consumer({**client, **own})
        self._show = show
        self._ids: set[str] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="alert-follower", daemon=True)
        self.latencies_s: list[float] = []
        """From the produce call of each alerted transaction to the alert's arrival here."""

    def __enter__(self) -> "AlertFollower":
        topic = self._consumer.list_topics(ALERTS, timeout=10).topics[ALERTS]
        self._consumer.assign([TopicPartition(ALERTS, partition, 0) for partition in topic.partitions])
        self._thread.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._consumer.close()

    @property
    def count(self) -> int:
        """Alerts seen, each once."""
        return len(self._ids)

    def wait_for(self, count: int, seconds: float) -> None:
        """Return once so many alerts were seen, or after so many seconds."""
        deadline = time.monotonic() + seconds
        while self.count < count and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            message = self._consumer.poll(POLL_SECONDS)
            if message is not None and message.error() is None:
                self._receive(message)

    def _receive(self, message: Message) -> None:
        arrived = time.time()
        event = decode_alert(message.value() or b"")
        if event.id in self._ids:
            return
        self._ids.add(event.id)
        ingested_at = dict(message.headers() or []).get(INGESTED_AT)
        if ingested_at is not None:
            self.latencies_s.append(arrived - int(ingested_at) / 1000)
        self._show(event)
