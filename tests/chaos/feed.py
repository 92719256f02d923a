"""A replay in step, in a thread of its own, that does not outrun the faults of the plan."""

import threading
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from types import TracebackType

from detectors.timing import Timing
from stream.publishing import PublishConfig, publish
from stream.stepping import InStep
from tests.chaos.traffic import Traffic
from tests.pipeline.waiting import POLL_SECONDS

RATE = 2000
"""Payments a second, at most."""
PATIENCE_SECONDS = 400.0
"""For workers to pass an hour border while others are killed, on a slow machine."""
_LEAVE_SECONDS = 5.0


class Feed:
    """Publishes as `riskstream replay --in-step --labels --rate 2000` does.

    At each border it waits for one fault that is due, so that faults come about where the plan has them; unless
    the test itself waits for what this would send.
    """

    def __init__(self, client: dict[str, str], timing: Timing, traffic: Traffic, shares: Sequence[float]) -> None:
        self._client = client
        self._timing = timing
        self._traffic = traffic
        self.total = len(traffic.payments) + len(traffic.poison) + len(traffic.labels)
        self._due_at = [int(share * self.total) for share in shares]
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._abandoned = threading.Event()
        self._error: BaseException | None = None
        self.sent = 0
        self.begun = 0
        """Faults that have come about, or will as soon as a worker comes to their point."""
        self.starved = False
        """Whether the test waits for commits and nothing is left to commit: the replay then goes on."""
        self.borders = ""

    def __enter__(self) -> "Feed":
        self._thread.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._abandoned.set()
        # A replay that waits for workers at a border does not look up.
        self._thread.join(None if error is None else _LEAVE_SECONDS)
        if error is not None:
            error.add_note(f"the replay had sent {self.sent} of {self.total}, then: {self._error!r}")

    @property
    def done(self) -> bool:
        """Whether everything was sent and acknowledged; raises what made it fail."""
        if self._error is not None:
            raise AssertionError("the replay failed") from self._error
        return not self._thread.is_alive()

    def is_due(self, index: int) -> bool:
        """Tell whether the traffic has come to a fault."""
        return self.done or self.sent >= self._due_at[index]

    def _run(self) -> None:
        try:
            self._publish()
        except BaseException as error:  # the test's own thread raises it
            self._error = error

    def _publish(self) -> None:
        traffic = self._traffic
        events = sorted([*traffic.payments, *traffic.poison], key=lambda payment: payment.event_time)
        with InStep(self._client, traffic.labels, self._timing, PATIENCE_SECONDS) as steps:
            config = PublishConfig(client=self._client, rate=RATE)
            borders = _Borders(self, steps)
            report = publish(
                [*events, *traffic.labels], config, admit=lambda _: not self._abandoned.is_set(), borders=borders
            )
            self.borders = str(steps.waits)
        if not self._abandoned.is_set() and report.acknowledged != self.total:
            raise AssertionError(f"{report.acknowledged} of {self.total} acknowledged: {report.first_failure}")

    def wait_for_a_fault(self) -> None:
        """Wait until one fault more has come about, if one is due."""
        begun = self.begun
        while bisect_right(self._due_at, self.sent) > begun == self.begun and not self.starved:
            if self._abandoned.wait(POLL_SECONDS):
                return


class _Borders:
    """The borders of the replay, and a look at the plan at each."""

    def __init__(self, feed: Feed, steps: InStep) -> None:
        self._feed = feed
        self._steps = steps

    def reached(self, time: datetime) -> bool:
        """Count the event, and tell whether it lies behind a border."""
        self._feed.sent += 1
        return self._steps.reached(time)

    def hold(self, time: datetime) -> None:
        """Wait for the workers, then for a fault."""
        self._steps.hold(time)
        self._feed.wait_for_a_fault()
