"""Tells people of alerts: reads them back from their topic and publishes notices, within what people can read.

Alerts are acknowledged after they are published, or after the summary that counts them. While SNS is away they
wait on their topic; assessing does not wait for them.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

import stamina
import structlog
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from sinks.alerts import AlertEvent, decode_alert
from sinks.errors import AlertError, NotificationError, NotificationsRefusedError
from sinks.notices import Notice, alert_notice, held_back_notice
from sinks.restraint import SUMMARY_SECONDS, HeldBack, Judge, Restraint
from stream.batching.app import BatchApp
from stream.headers import INGESTED_AT, find
from stream.metrics import Metrics
from stream.topics import ALERTS

log = structlog.get_logger(__name__)

REVOKED_SECONDS = 2.0
"""How long a revocation waits for SNS; what is not published then is left to the next owner."""
LONGEST_RETRY_WAIT = 5.0
_IDLE_SECONDS = 1.0


class Notices(Protocol):
    """Where notices go: `sinks.sns.SnsSink`, or a fake of it."""

    def write(self, batch: Sequence[Notice]) -> None:
        """Publish what was not published yet, or raise a `NotificationError`."""

    def __contains__(self, id_: object) -> bool:
        """Tell whether a notice of that id was published."""


class NotifyStage:
    """Publishes the alerts of one batch after the other."""

    def __init__(
        self,
        app: BatchApp,
        sink: Notices,
        restraint: Restraint,
        metrics: Metrics,
        summary_seconds: float = SUMMARY_SECONDS,
    ) -> None:
        self._app = app
        self._sink = sink
        self._judge = Judge(restraint)
        self._metrics = metrics
        self._summary_seconds = summary_seconds
        self._waiting: deque[Any] = deque()
        self._mine: set[Any] = set()
        """Batches that were taken up and are neither acknowledged nor given back."""
        self._unsummarised: list[Any] = []
        """Those of them of which alerts were held back."""
        self._held_back = HeldBack()
        self._summarised = time.monotonic()
        self._added = asyncio.Event()
        self._publishing = asyncio.Lock()
        app.revocation_hooks.append(self._on_revoked)

    async def run(self, stream: Any) -> None:
        """Consume an agent's stream until it ends."""
        publisher = asyncio.create_task(self._publish_as_they_come())
        try:
            async for event in stream.noack().events():
                messages = self._app.consumer.unpack(event.message)
                self._mine.update(messages)
                self._waiting.extend(messages)
                self._added.set()
        finally:
            publisher.cancel()

    async def flush(self) -> None:
        """Publish everything that was taken up, and the summary of what was held back."""
        async with self._publishing:
            await self._publish_waiting()
            await self._summarise()

    def let_go(self) -> None:
        """Give back, unacknowledged, whatever could not be published; it will be delivered again."""
        for message in self._mine:
            self._app.consumer.abandon(message)
        self._mine.clear()
        self._waiting.clear()
        self._unsummarised.clear()
        self._held_back = HeldBack()

    async def _publish_as_they_come(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._added.wait(), _IDLE_SECONDS)
            self._added.clear()
            try:
                async with self._publishing:
                    await self._publish_waiting()
                    await self._summarise_when_due()
            except Exception as error:
                log.exception("notifying failed")
                await self._app.crash(error)
                raise

    async def _publish_waiting(self) -> None:
        while self._waiting:
            await self._handle(self._waiting.popleft())
            await self._summarise_when_due()

    async def _handle(self, message: Any) -> None:
        if self._app.consumer.is_stale(message):
            self._mine.discard(message)
            self._app.consumer.abandon(message)
            return
        held = len(self._held_back)
        await self._publish(self._notices(message.value.records), {message})
        if message not in self._mine:
            return
        if len(self._held_back) == held:
            self._finish(message)
            return
        message.value = replace(message.value, records=())
        self._unsummarised.append(message)
        self._app.consumer.release(message)

    def _notices(self, records: Sequence[ConsumerRecord]) -> list[Notice]:
        """Return the notices of the alerts that people are told of; count the others."""
        notices: dict[str, Notice] = {}
        for record in records:
            try:
                event = decode_alert(record.value or b"")
            except AlertError as error:
                log.error(
                    "a record is no alert", partition=record.partition, offset=record.offset, error=str(error)
                )
                self._count("unreadable")
                continue
            if event.id in self._sink or event.id in notices:
                self._count("repeated")
            elif self._is_told(event, record):
                notices[event.id] = alert_notice(event, record.value or b"")
        return list(notices.values())

    def _is_told(self, event: AlertEvent, record: ConsumerRecord) -> bool:
        verdict = self._judge.judge(event, _age(record), time.monotonic())
        if verdict == "held_back":
            self._held_back.add(event)
        if verdict != "publish":
            self._count(verdict)
        return verdict == "publish"

    async def _publish(self, notices: Sequence[Notice], batches: set[Any], outcome: str = "published") -> None:
        """Publish notices, however long that takes, unless one of their batches is given back meanwhile."""
        retries = stamina.retry_context(
            on=NotificationError, attempts=None, timeout=None, wait_max=LONGEST_RETRY_WAIT
        )
        async for attempt in retries:
            with attempt:
                if not notices or not batches <= self._mine:
                    return
                if attempt.num > 1:
                    self._metrics.notification_retries.inc()
                await self._write(notices, outcome)

    async def _write(self, notices: Sequence[Notice], outcome: str) -> None:
        refused = 0
        try:
            await asyncio.to_thread(self._sink.write, notices)
        except NotificationsRefusedError as error:
            refused = len(error.refused)
            log.error("notices are refused and left out", error=str(error), ids=list(error.refused))
        self._count(outcome, len(notices) - refused)
        self._count("failed", refused)

    async def _summarise_when_due(self) -> None:
        if time.monotonic() - self._summarised >= self._summary_seconds:
            await self._summarise()

    async def _summarise(self) -> None:
        """Tell of what was held back, and acknowledge it."""
        if not self._held_back:
            return
        batches, held = [*self._unsummarised], self._held_back
        log.warning("alerts were held back", count=len(held), gravest=held.gravest)
        await self._publish([held_back_notice(held)], set(batches), "summary")
        self._summarised = time.monotonic()
        if self._held_back is held:
            self._held_back = HeldBack()
            self._unsummarised.clear()
        for message in batches:
            self._finish(message)

    def _finish(self, message: Any) -> None:
        if message in self._mine:
            self._mine.discard(message)
            self._app.consumer.finish(message)

    def _count(self, outcome: str, count: int = 1) -> None:
        self._metrics.notifications.labels(outcome).inc(count)

    async def _on_revoked(self, revoked: set[TP]) -> None:
        """Publish what goes quickly; the next owner starts at the commit in any case."""
        if any(tp.topic == ALERTS for tp in revoked):
            with suppress(TimeoutError):
                async with asyncio.timeout(REVOKED_SECONDS):
                    await self.flush()
            self.let_go()


def _age(record: ConsumerRecord) -> float:
    """Return the seconds since the payment reached Kafka, or since its alert did where nobody says."""
    ingested = find(record.headers, INGESTED_AT)
    since = int(ingested) if ingested is not None and ingested.isdigit() else record.timestamp
    return time.time() - since / 1000
