"""The worker on the whole path: everything from raw payments to archived assessments, by one or more processes."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks.speed.figures import Rate
from benchmarks.speed.ground import Backlog, Ground
from benchmarks.speed.process import RivalFailed
from scripts.demonstration.process import WorkerProcess
from stream.pacing import LagGate
from stream.topics import ASSESSMENTS, ENRICHED, TRANSACTIONS

LONGEST_SECONDS: Final = 600.0
_PATH: Final = (TRANSACTIONS, ENRICHED, ASSESSMENTS)


def measure_workers(ground: Ground, backlog: Backlog, transactions: int, workers: int, logs: Path) -> Rate:
    """Pour a backlog before workers that are ready, and time it until every assessment is archived."""
    with running_workers(ground, workers, logs) as running, path_gate(ground) as gate:
        started, cpu = time.perf_counter(), _cpu(running)
        backlog.pour(ground)
        wait_until_done(gate, running)
        return Rate(transactions, time.perf_counter() - started, _cpu(running) - cpu)


@contextmanager
def running_workers(ground: Ground, workers: int, logs: Path) -> Iterator[Sequence[WorkerProcess]]:
    """So many workers, all of them with their partitions."""
    with ExitStack() as stack:
        names = [f"{ground.app_id}-{number}.log" for number in range(workers)]
        running = [stack.enter_context(WorkerProcess(ground.environment(), logs / name)) for name in names]
        # The last one to join takes partitions from the others, which are not ready meanwhile.
        for worker in (*running, *running):
            worker.wait_ready()
        yield running


def path_gate(ground: Ground) -> LagGate:
    """What tells how far the workers are."""
    return LagGate(ground.settings.kafka_client(), ground.app_id, _PATH)


def wait_until_done(gate: LagGate, workers: Sequence[WorkerProcess]) -> None:
    """Return once everything is assessed and archived; the workers have to live on."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not gate.wait_below(1, time.monotonic() + 1.0):
        for worker in workers:
            worker.check()
        if time.monotonic() > deadline:
            raise RivalFailed(f"the workers did not finish in {LONGEST_SECONDS:.0f} s")


def _cpu(workers: Sequence[WorkerProcess]) -> float:
    return sum(worker.cpu_seconds() for worker in workers)
