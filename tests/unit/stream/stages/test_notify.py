"""Alerts are acknowledged after people were told, and only then, whether one by one or in a summary."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import stamina
from faust.types import TP

from sinks.alerts import alert_event
from sinks.errors import NotificationError, NotificationsRefusedError, NotificationsUnavailableError
from sinks.notices import Notice
from sinks.restraint import Restraint
from stream.batching.batch import BatchMessage
from stream.headers import INGESTED_AT
from stream.metrics import Metrics
from stream.stages.notify import NotifyStage
from stream.topics import ALERTS
from tests.unit.sinks.assessments import assessment, transaction
from tests.unit.stream.stages.fakes import FakeApp, FakeStream, message, record

HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Retries come at once."""
    monkeypatch.setattr("stream.stages.notify._IDLE_SECONDS", 0.01)
    with stamina.set_testing(True, attempts=1_000_000):
        yield


@dataclass
class FakeSink:
    """Keeps what is published; fails with `error` while there is one."""

    error: NotificationError | None = None
    published: list[Notice] = field(default_factory=list)
    attempts: int = 0

    def __contains__(self, id_: object) -> bool:
        return any(each.id == id_ for each in self.published)

    def write(self, batch: Sequence[Notice]) -> None:
        self.attempts += 1
        if self.error is not None:
            raise self.error
        self.published += [each for each in batch if each.id not in self]


@dataclass
class Stage:
    """A notify stage with everything around it faked."""

    sink: FakeSink = field(default_factory=FakeSink)
    restraint: Restraint = field(default_factory=Restraint)
    summary_seconds: float = 60.0
    app: FakeApp = field(default_factory=FakeApp)
    metrics: Metrics = field(default_factory=Metrics)

    @asynccontextmanager
    async def running(self, messages: Sequence[BatchMessage]) -> AsyncIterator[NotifyStage]:
        stage = NotifyStage(self.app, self.sink, self.restraint, self.metrics, self.summary_seconds)
        task = asyncio.create_task(stage.run(FakeStream(messages, stays_open=True)))
        try:
            yield stage
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @property
    def finished(self) -> list[int]:
        """Ends of the batches that were acknowledged."""
        return [each.value.end_offset for each in self.app.consumer.finished]

    @property
    def told(self) -> list[str]:
        return [each.id for each in self.sink.published]

    def counted(self, outcome: str) -> float:
        found: float = self.metrics.notifications.labels(outcome)._value.get()
        return found


def alert(number: int, age_ms: int = 0, **changes: Any) -> Any:
    value = alert_event(assessment(number, **changes), transaction())
    ingested = str(int(time.time() * 1000) - age_ms).encode()
    return record(number, value, topic=ALERTS, headers=((INGESTED_AT, ingested),))


def batches(*sizes: int) -> list[BatchMessage]:
    """Consecutive batches of fresh alerts."""
    made, first = [], 0
    for size in sizes:
        made.append(message([alert(number) for number in range(first, first + size)]))
        first += size
    return made


def ids(*numbers: int) -> list[str]:
    return [f"alert-a{number:07d}" for number in numbers]


async def until(condition: Any) -> None:
    """Wait until a condition holds, at most three seconds."""
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.002)


async def test_alerts_are_published_in_order_and_then_acknowledged() -> None:
    stage = Stage()
    async with stage.running(batches(2, 3)):
        await until(lambda: stage.finished == [2, 5])
    assert stage.told == ids(*range(5))
    assert stage.counted("published") == 5


async def test_old_alerts_history_and_lower_levels_are_passed_over_and_counted() -> None:
    stage = Stage(restraint=Restraint(level="critical", max_age_seconds=3600))
    mixed = message(
        [
            alert(0, risk_level="critical"),
            alert(1, risk_level="critical", age_ms=2 * HOUR_MS),
            alert(2, risk_level="critical", backfill=True),
            alert(3, risk_level="high"),
            alert(4, risk_level="critical", age_ms=HOUR_MS // 2),
        ]
    )
    async with stage.running([mixed]):
        await until(lambda: stage.finished == [5])
    assert stage.told == ids(0, 4)
    assert [stage.counted(each) for each in ("published", "old", "backfill", "below_level")] == [2, 1, 1, 1]


async def test_without_a_header_an_alert_is_as_old_as_its_record() -> None:
    stage = Stage()
    headerless = record(0, alert_event(assessment(0), transaction()), topic=ALERTS)
    async with stage.running([message([headerless])]):
        await until(lambda: stage.finished == [1])
    assert stage.counted("old") == 1


async def test_an_alert_that_lies_on_the_topic_twice_is_told_once() -> None:
    stage = Stage()
    repeated = [alert(0), alert(1), alert(1)]
    again = message(
        [record(2 + n, each.value, topic=ALERTS, headers=each.headers) for n, each in enumerate(repeated)]
    )
    async with stage.running([*batches(2), again]):
        await until(lambda: len(stage.finished) == 2)
    assert stage.told == ids(0, 1)
    assert stage.counted("repeated") == 3


async def test_what_is_held_back_is_told_in_one_summary_and_acknowledged_after_it() -> None:
    stage = Stage(restraint=Restraint(per_minute=3), summary_seconds=0.2)
    async with stage.running(batches(2, 2, 5)):
        await until(lambda: len(stage.app.consumer.released) == 2)
        assert stage.finished == [2]
        assert stage.told == ids(0, 1, 2)
        await until(lambda: stage.finished == [2, 4, 9])
    *_, summary = stage.sink.published
    assert summary.subject == "HIGH fraud risk: 6 more alerts were held back"
    assert json.loads(json.loads(summary.message)["sqs"])["data"]["count"] == 6
    assert [stage.counted(each) for each in ("published", "held_back", "summary")] == [3, 6, 1]


async def test_a_shutdown_tells_what_was_held_back() -> None:
    stage = Stage(restraint=Restraint(per_minute=1))
    async with stage.running(batches(3)) as running:
        await until(lambda: stage.app.consumer.released)
        await running.flush()
    assert stage.sink.published[-1].subject.endswith("2 more alerts were held back")
    assert stage.finished == [3]


@pytest.mark.parametrize(
    "error", [NotificationsUnavailableError("away"), NotificationError("no such topic")], ids=["away", "wrong"]
)
async def test_while_sns_fails_it_tries_again_and_acknowledges_nothing(error: NotificationError) -> None:
    """Whatever the cause: it is mended there, and the worker has better things to do than to end."""
    stage = Stage(FakeSink(error))
    async with stage.running(batches(2, 2)):
        await until(lambda: stage.sink.attempts > 5)
        assert (stage.finished, stage.told, stage.app.crashes) == ([], [], [])
        assert stage.app.consumer.released == [], "the partition delivers no more"
        stage.sink.error = None
        await until(lambda: stage.finished == [2, 4])
    assert stage.told == ids(*range(4))
    assert stage.metrics.notification_retries._value.get() >= 5


async def test_what_sns_never_takes_is_counted_and_left_out() -> None:
    stage = Stage(FakeSink(NotificationsRefusedError("1 refused", {"alert-a0000001": "too long"})))
    async with stage.running(batches(3)):
        await until(lambda: stage.finished == [3])
    assert (stage.counted("failed"), stage.counted("published")) == (1, 2)
    assert stage.sink.attempts == 1


async def test_a_record_that_is_no_alert_is_counted_and_left_out() -> None:
    stage = Stage()
    async with stage.running([message([record(0, b"nonsense", topic=ALERTS), alert(1)])]):
        await until(lambda: stage.finished == [2])
    assert stage.told == ids(1)
    assert stage.counted("unreadable") == 1


async def test_what_could_not_be_published_is_given_back() -> None:
    stage = Stage(FakeSink(NotificationsUnavailableError("away")))
    async with stage.running(batches(1, 1)) as running:
        await until(lambda: stage.sink.attempts > 2)
        running.let_go()
        assert sorted(each.value.end_offset for each in stage.app.consumer.abandoned) == [1, 2]
        attempts = stage.sink.attempts
        async with asyncio.timeout(3):
            await running.flush()
    assert stage.sink.attempts <= attempts + 1, "what was given back is not tried for ever"


async def test_what_is_published_after_it_was_given_back_is_not_acknowledged() -> None:
    stage = Stage(FakeSink(NotificationsUnavailableError("away")))
    async with stage.running(batches(1)) as running:
        await until(lambda: stage.sink.attempts > 2)
        stage.sink.error = None
        running.let_go()
        async with asyncio.timeout(3):
            await running.flush()
    assert stage.finished == []


async def test_a_rebalance_gives_back_what_was_held_back_unless_the_summary_is_out() -> None:
    stage = Stage(restraint=Restraint(per_minute=1))
    async with stage.running(batches(2)):
        await until(lambda: stage.app.consumer.released)
        (on_revoked,) = stage.app.revocation_hooks
        await on_revoked({TP("other", 0)})
        assert stage.finished == []
        await on_revoked({TP(ALERTS, 0)})
        assert stage.finished == [2]
    assert stage.app.consumer.abandoned == []


async def test_while_sns_is_away_a_rebalance_is_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.stages.notify.REVOKED_SECONDS", 0.05)
    stage = Stage(FakeSink(NotificationsUnavailableError("away")))
    async with stage.running(batches(1)):
        await until(lambda: stage.sink.attempts > 2)
        (on_revoked,) = stage.app.revocation_hooks
        async with asyncio.timeout(2):
            await on_revoked({TP(ALERTS, 0)})
        assert [each.value.end_offset for each in stage.app.consumer.abandoned] == [1]


async def test_a_batch_that_a_rebalance_took_is_given_back_unread() -> None:
    stage = Stage()
    stage.app.consumer.stale.add(0)
    async with stage.running(batches(1)):
        await until(lambda: bool(stage.app.consumer.abandoned))
    assert stage.sink.attempts == 0


async def test_a_fault_of_our_own_ends_the_worker() -> None:
    class Broken(FakeSink):
        def write(self, batch: Sequence[Notice]) -> None:
            raise ZeroDivisionError

    stage = Stage(Broken())
    async with stage.running(batches(1)):
        await until(lambda: bool(stage.app.crashes))
    assert stage.finished == []
