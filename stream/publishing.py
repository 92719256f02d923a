"""The load generator's engine: publishes payments and labels to their topics and counts what arrived.

Keyed by account with murmur2, in the order in which they become known, by an idempotent producer: a partition
holds each account's payments in their order, once. Payments may go to another target instead. It decides nothing
about payments and labels themselves.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeVar

from detectors.labels import Label
from stream.pacing import AtRate, AtSpeed, FlatOut, Pace
from stream.targets import PRODUCER, KafkaTarget, PublishConfig, PublishingError, Target
from stream.timeline import Event, first_payments, in_order, moment, repeat

__all__ = ["PRODUCER", "DeliveryReport", "PublishConfig", "PublishingError", "Target", "publish"]

ADMIT_EVERY = 500
"""Records between two calls of `admit`."""
PROGRESS_SECONDS = 0.1
_NAP_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of the records, so far or at the end."""

    sent: int = 0
    """Handed to the producer."""
    acknowledged: int = 0
    """Written by every replica in sync."""
    failed: int = 0
    """Given up on."""
    seconds: float = 0.0
    first_failure: str | None = None
    interrupted: bool = False
    """Ended by Ctrl-C before the last record."""

    @property
    def per_second(self) -> float:
        """The achieved rate of acknowledged records."""
        return self.acknowledged / self.seconds if self.seconds > 0 else 0.0


Progress = Callable[[DeliveryReport], None]
Admit = Callable[[int], bool]
_T = TypeVar("_T")


class Borders(Protocol):
    """Moments of event time at which a replay holds until others have caught up."""

    def reached(self, time: datetime) -> bool:
        """Tell whether an event of this time lies behind a border that was not held at yet; called for each."""

    def hold(self, time: datetime) -> None:
        """Wait; everything before that event has been acknowledged."""


def publish(
    events: Iterable[Event],
    config: PublishConfig,
    on_progress: Progress | None = None,
    admit: Admit | None = None,
    borders: Borders | None = None,
    target: Target | None = None,
) -> DeliveryReport:
    """Publish payments by event time and labels by when they were observed, and wait for the answers.

    Events of one moment are sent in the given order.

    Parameters
    ----------
    on_progress:
        Hears how far it is, at most ten times a second.
    admit:
        Called with the number sent, before the first record and after every 500. It may block to hold the
        replay back, and ends it by returning False.
    borders:
        Where to hold on the way, for as long as it takes.

    target:
        Where payments go, if not to Kafka, which is then asked for nothing unless there are labels.

    Ctrl-C ends it early: what is queued is still delivered and the report says so.

    Raises:
        BrokerUnavailable: no broker answers.
        PublishingError: a topic does not exist.
    """
    ordered = in_order(events)
    targets = _targets(config, ordered, target)
    run = _Run(_pace(config, ordered), on_progress or (lambda report: None), admit, borders, targets)
    passes = repeat(ordered, datetime.now(UTC)) if config.loop else iter(ordered)
    return run.publish(first_payments(passes, config.limit))


def _pace(config: PublishConfig, ordered: Sequence[Event]) -> Pace:
    if config.rate is not None:
        return AtRate(config.rate)
    if config.speed is not None and ordered:
        return AtSpeed(config.speed, moment(ordered[0]))
    return FlatOut()


@dataclass(frozen=True, slots=True)
class _Targets:
    """Where payments go and where labels go: often the same."""

    payments: Target
    labels: Target

    def of(self, event: Event) -> Target:
        """Return where an event goes."""
        return self.labels if isinstance(event, Label) else self.payments

    def each(self) -> tuple[Target, ...]:
        """Return the distinct ones."""
        return (self.payments,) if self.labels is self.payments else (self.payments, self.labels)


def _targets(config: PublishConfig, ordered: Sequence[Event], target: Target | None) -> _Targets:
    """Choose targets and open them."""
    labels = [event for event in ordered if isinstance(event, Label)]
    if target is None:
        kafka = KafkaTarget(config)
        kafka.open(ordered)
        return _Targets(kafka, kafka)
    target.open(event for event in ordered if not isinstance(event, Label))
    if not labels:
        return _Targets(target, target)
    kafka = KafkaTarget(config)
    kafka.open(labels)
    return _Targets(target, kafka)


@dataclass(slots=True)
class _Run:
    """One publishing under way."""

    pace: Pace
    on_progress: Progress
    admit: Admit | None
    borders: Borders | None
    targets: _Targets
    sent: int = 0
    started: float = 0.0
    held: float = 0.0
    """Seconds that `admit` and `borders` took: the schedule moves on by them, without a burst that catches up."""
    told: float = 0.0

    def publish(self, events: Iterator[Event]) -> DeliveryReport:
        """Send everything and wait for the answers."""
        self.started = time.monotonic()
        interrupted = False
        try:
            self._send_all(events)
            self._flush()
        except KeyboardInterrupt:
            interrupted = True
            self._flush()
        report = replace(self._report(), interrupted=interrupted)
        self.on_progress(report)
        return report

    def _send_all(self, events: Iterator[Event]) -> None:
        payments = 0
        for event in events:
            time_of_event = moment(event)
            if self.sent % ADMIT_EVERY == 0 and not self._admitted():
                return
            if self.borders is not None and self.borders.reached(time_of_event):
                self._hold(partial(self.borders.hold, time_of_event))
            self._wait_until(self.pace.due_s(payments, time_of_event))
            self.targets.of(event).send(event, self._tell)
            self.sent += 1
            payments += not isinstance(event, Label)
            self._poll()

    def _admitted(self) -> bool:
        return self.admit is None or self._hold(partial(self.admit, self.sent))

    def _hold(self, wait: Callable[[], _T]) -> _T:
        before = time.monotonic()
        self._flush()  # so that whoever looks at the topic's end sees everything that was sent
        result = wait()
        self.held += time.monotonic() - before
        return result

    def _wait_until(self, due_s: float) -> None:
        while (left := self.started + self.held + due_s - time.monotonic()) > 0:
            time.sleep(min(left, _NAP_SECONDS))
            self._poll()

    def _poll(self) -> None:
        for target in self.targets.each():
            target.poll()
        self._tell()

    def _flush(self) -> None:
        for target in self.targets.each():
            target.flush(self._tell)

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self.told >= PROGRESS_SECONDS:
            self.told = now
            self.on_progress(self._report())

    def _report(self) -> DeliveryReport:
        targets = self.targets.each()
        return DeliveryReport(
            sent=self.sent,
            acknowledged=sum(target.acknowledged for target in targets),
            failed=sum(target.failed for target in targets),
            seconds=time.monotonic() - self.started,
            first_failure=next(filter(None, (target.first_failure for target in targets)), None),
        )
