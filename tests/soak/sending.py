"""Publishes alerts: at a rate, in a thread, for as long as a `with` block lasts; before that many at once."""

import threading
import time
from types import TracebackType

from confluent_kafka import KafkaError, Producer

from stream.publishing import PRODUCER
from tests.soak.traffic import Alerts

_STEP_SECONDS = 0.02
_FLUSH_EVERY = 1_000
"""The producer's queue has room for 100,000 records."""


class Sending:
    """Alerts that come steadily, after `first` that were there before."""

    def __init__(self, bootstrap: str, alerts: Alerts, per_minute: float, first: int = 0) -> None:
        self._producer = Producer({"bootstrap.servers": bootstrap, **PRODUCER})
        self._alerts = alerts
        self._rate = per_minute / 60
        self._first = first
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sending")
        self.failures: list[KafkaError] = []
        self.sent = 0

    def fill(self) -> None:
        """Publish the first ones, as fast as the broker takes them."""
        for number in range(self._first):
            self._send(number)
            if number % _FLUSH_EVERY == 0:
                self._producer.flush()
        self._producer.flush()

    def __enter__(self) -> "Sending":
        self._thread.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        while not self._ended.wait(_STEP_SECONDS):
            due = int((time.monotonic() - began) * self._rate)
            while self.sent < due:
                self._send(self._first + self.sent)
                self.sent += 1
            self._producer.poll(0)
        while self._producer.flush(0.02):
            pass

    def _send(self, number: int) -> None:
        for record in self._alerts.records(number):
            self._producer.produce(record.topic, record.value, record.key, on_delivery=self._delivered)

    def _delivered(self, error: KafkaError | None, _message: object) -> None:
        if error is not None:
            self.failures.append(error)
