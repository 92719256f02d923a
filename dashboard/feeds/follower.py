"""Follows the topics in a thread of its own and hands what it reads to the event loop, batch after batch.

It joins no consumer group and commits nothing. A broker that goes away is waited for; reading goes on
where it was.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from dashboard.feeds.beginnings import Beginnings
from dashboard.feeds.decoding import TOPICS, NewsReader
from dashboard.state.board import News

log = structlog.get_logger(__name__)

BATCH_RECORDS: Final = 2_000
POLL_SECONDS: Final = 0.1
LOOK_SECONDS: Final = 10.0
"""How often it is looked for topics and partitions that have been made meanwhile."""
RETRY_SECONDS: Final = 0.5

Deliver = Callable[[News], Coroutine[Any, Any, None]]


class Follower:
    """Reads from `start` until `stop`; `deliver` is awaited on the loop that `start` was called on."""

    def __init__(self, client: Mapping[str, str], group: str, beginnings: Beginnings, deliver: Deliver) -> None:
        self._client = client
        self._group = group
        self._beginnings = beginnings
        self._deliver = deliver
        self._reader = NewsReader()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._positions: dict[tuple[str, int], int] = {}
        self._goals: dict[tuple[str, int], int] = {}
        self._looked = 0.0
        self.caught_up = asyncio.Event()
        """Set once everything has been read that was there at the start."""
        self.failed = asyncio.Event()
        """Set if reading has ended for good, which is a fault of the product."""

    def start(self) -> None:
        """Begin, in a thread."""
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, args=(loop,), name="dashboard-follower", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """End; nothing is delivered afterwards."""
        self._stopping.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        consumer = Consumer(
            {
                **self._client,
                # Demanded by the client, but nobody joins it: partitions are assigned by hand.
                "group.id": f"{self._group}-dashboard",
                "enable.auto.commit": "false",
                "enable.auto.offset.store": "false",
                "auto.offset.reset": "earliest",
                # The embedded broker lets a fetch wait as long as it may, although a record is there.
                "fetch.wait.max.ms": "50",
                "queued.max.messages.kbytes": "32768",
                "reconnect.backoff.max.ms": "1000",
            }
        )
        try:
            while not self._stopping.is_set():
                self._step(consumer, loop)
        except Exception:
            log.exception("following the topics failed")
            loop.call_soon_threadsafe(self.failed.set)
        finally:
            consumer.close()

    def _step(self, consumer: Consumer, loop: asyncio.AbstractEventLoop) -> None:
        if time.monotonic() - self._looked > LOOK_SECONDS or not self._positions:
            self._look(consumer)
        messages = consumer.consume(BATCH_RECORDS, POLL_SECONDS)
        good = [message for message in messages if message.error() is None]
        if good and not self._hand_over(self._reader.read(good), loop):
            return
        self._note(good)
        if self._has_caught_up():
            loop.call_soon_threadsafe(self.caught_up.set)

    def _look(self, consumer: Consumer) -> None:
        """Take on partitions that are new to us."""
        self._looked = time.monotonic()
        try:
            fresh = self._beginnings.find(consumer, TOPICS, self._positions, time.time())
        except KafkaException as error:
            log.debug("the broker does not tell its topics", why=str(error.args[0]))
            self._stopping.wait(RETRY_SECONDS)
            return
        if not fresh:
            return
        for start, end in fresh:
            at = start.topic, start.partition
            self._positions[at], self._goals[at] = start.offset, end
        consumer.assign([TopicPartition(*at, offset) for at, offset in self._positions.items()])

    def _note(self, messages: list[Message]) -> None:
        """Remember how far everything was read."""
        for message in messages:
            self._positions[message.topic() or "", message.partition() or 0] = (message.offset() or 0) + 1

    def _has_caught_up(self) -> bool:
        """Tell, once, whether everything is read that was there at the start."""
        if self.caught_up.is_set() or not self._goals:
            return False
        return all(self._positions[at] >= goal for at, goal in self._goals.items())

    def _hand_over(self, news: News, loop: asyncio.AbstractEventLoop) -> bool:
        """Have the loop fold it, and wait until it has: what is not folded does not pile up."""
        folded = asyncio.run_coroutine_threadsafe(self._deliver(news), loop)
        while not self._stopping.is_set():
            try:
                folded.result(POLL_SECONDS)
            except NotYet:
                continue
            except CancelledError:
                return False
            return True
        folded.cancel()
        return False
