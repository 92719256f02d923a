"""The workers and their supervisor: whoever ends is followed by a fresh one; unasked ends are noted."""

import signal
import time
from types import TracebackType

from tests.chaos.orders import OrderBox
from tests.chaos.plan import WORKERS
from tests.chaos.worker import MISSED
from tests.pipeline.cluster import Cluster
from tests.pipeline.process import WorkerProcess
from tests.pipeline.waiting import wait_until

END_SECONDS = 60.0
"""Twice what a worker promises after SIGTERM: the machine may be slow."""
READY_SECONDS = 180.0
_RESTART_SECONDS = 1.0
"""Between two starts in one place, as supervisors have it."""
FENCED = "another worker has taken over"
"""What a worker says whose memories were refused."""


class Crew:
    """Three workers, each in its own place; a place keeps its number whoever fills it."""

    def __init__(self, cluster: Cluster, *faults: str) -> None:
        self._cluster = cluster
        self._faults = faults
        self._boxes = [OrderBox(cluster.directory / f"orders-{slot}") for slot in range(WORKERS)]
        self._workers: list[WorkerProcess] = []
        self._started = [0.0] * WORKERS
        self._doomed: set[int] = set()
        self.unasked: list[str] = []
        """Ends that nobody asked for, in words."""
        self.fenced = 0
        """Workers that ended because another one holds their partitions."""

    def __enter__(self) -> "Crew":
        self._workers = [self._start(slot) for slot in range(WORKERS)]
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.kill()
            if error is not None:
                error.add_note(f"--- the end of {worker.log}:\n{worker.log_text()[-3000:]}")

    def box(self, slot: int) -> OrderBox:
        """Where orders for a worker are left."""
        return self._boxes[slot]

    def worker(self, slot: int) -> WorkerProcess:
        """Who fills a place now."""
        return self._workers[slot]

    def is_ready(self, slot: int) -> bool:
        """Tell whether a worker holds its partitions and has recovered."""
        worker = self._workers[slot]
        try:
            return worker.running and worker.probe("/ready")[0] == 200
        except AssertionError:  # it ended in between
            return False

    def wait_ready(self, slot: int) -> None:
        """Return when a place is filled by a worker that is ready."""

        def ready() -> bool:
            self.tend()
            return self.is_ready(slot)

        wait_until(ready, READY_SECONDS, f"worker {slot} is ready")

    def tend(self) -> None:
        """Put a fresh worker wherever one ended by itself."""
        for slot, worker in enumerate(self._workers):
            if slot in self._doomed and self.has_died(slot):
                continue
            if not worker.running and time.monotonic() - self._started[slot] >= _RESTART_SECONDS:
                self._note(slot, worker)
                self.replace(slot)

    def doom(self, slot: int) -> None:
        """Expect a worker to be ended by a signal."""
        self._doomed.add(slot)

    def has_died(self, slot: int) -> bool:
        """Tell whether the worker was ended with SIGKILL."""
        return self._workers[slot].returncode == -signal.SIGKILL

    def kill(self, slot: int) -> None:
        """End a worker at once, and let a fresh one follow."""
        self._workers[slot].kill()
        self.replace(slot)

    def roll(self, slot: int) -> None:
        """Stop a worker in order and let a fresh one follow; return when that is ready."""
        worker = self._workers[slot]
        if worker.running:
            worker.terminate()
            if worker.exit_code(END_SECONDS) != 0:
                self._note(slot, worker)
        self.replace(slot)
        self.wait_ready(slot)

    def replace(self, slot: int) -> None:
        """Put a fresh worker in the place of one that has ended."""
        self._doomed.discard(slot)
        self._workers[slot] = self._start(slot)

    def stop(self) -> None:
        """Stop all in order."""
        for worker in self._workers:
            worker.terminate()
        for slot, worker in enumerate(self._workers):
            if worker.exit_code(END_SECONDS) != 0:
                self._note(slot, worker)

    def _start(self, slot: int) -> WorkerProcess:
        self._started[slot] = time.monotonic()
        return self._cluster.start_module(
            "tests.chaos.worker", str(self._boxes[slot].path), *self._faults, "worker"
        )

    def _note(self, slot: int, worker: WorkerProcess) -> None:
        said = worker.log_text()
        assert worker.returncode != MISSED, f"{worker.log}: {said[-3000:]}"
        if FENCED in said:
            self.fenced += 1
            return
        last = (said.strip().splitlines() or ["(said nothing)"])[-1]
        self.unasked.append(f"worker {slot} ended with {worker.returncode} ({worker.log.name}: {last[:300]})")
