"""How fast a process turns `transactions.enriched` into assessments: watched from outside, by what it writes."""

import time
from typing import Final, NamedTuple

from benchmarks.speed.figures import Rate
from benchmarks.speed.ground import Ground
from benchmarks.speed.process import Process, RivalFailed

START_SECONDS: Final = 90.0
LOOK_SECONDS: Final = 0.05
TICK_SECONDS: Final = 0.01
"""What Linux counts CPU time in: a tiny run may be through before the first one."""


class _Look(NamedTuple):
    """What was seen at one moment."""

    written: int
    at: float
    cpu: float


def measure_rate(process: Process, ground: Ground, written_before: int, most: int, seconds: float) -> Rate:
    """Measure from the first assessment on, until `most` are written or `seconds` are over.

    `written_before` is how many assessments there were before the process began.
    """
    first = _wait_for_work(process, ground, written_before)
    last = first
    while last.written - written_before < most and last.at - first.at < seconds:
        time.sleep(LOOK_SECONDS)
        last = _look(process, ground)
    return Rate(last.written - first.written, last.at - first.at, max(last.cpu - first.cpu, TICK_SECONDS))


def _wait_for_work(process: Process, ground: Ground, written_before: int) -> _Look:
    """Return the last look at which nothing had been written."""
    deadline = time.monotonic() + START_SECONDS
    before = now = _look(process, ground)
    while now.written == written_before:
        if now.at > deadline:
            raise RivalFailed(f"no assessment was written within {START_SECONDS:g} s")
        time.sleep(LOOK_SECONDS)
        before, now = now, _look(process, ground)
    return before


def _look(process: Process, ground: Ground) -> _Look:
    process.check()
    return _Look(sum(ground.ends()), time.monotonic(), process.cpu_seconds())
