"""The demo's worker: `riskstream worker` as a process of its own, which never outlives the demo."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import urllib3

from stream.errors import StreamError

START_SECONDS = 60.0
STOP_SECONDS = 30.0
_POLL_SECONDS = 0.1


class WorkerFailed(StreamError):
    """The worker process ended, or did not become ready."""


class WorkerProcess:
    """A worker that runs for one `with` block; leaving it drains and stops the worker."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._port = _free_port()
        self._environment = {**environment, "RISKSTREAM_HEALTH_PORT": str(self._port)}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "WorkerProcess":
        with self._log.open("wb") as log:
            # A session of its own: Ctrl-C reaches the demo alone, which then stops the worker in order.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "scripts.main", "worker"],
                env={**os.environ, **self._environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=STOP_SECONDS if error is None else STOP_SECONDS / 3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._running().pid

    def cpu_seconds(self) -> float:
        """CPU time the worker has used so far, user and system, all threads (Linux only)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        user, system = int(fields[11]), int(fields[12])
        return (user + system) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Drain and stop; raise WorkerFailed if it did not end well."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        if process.wait(timeout=STOP_SECONDS) != 0:
            raise WorkerFailed(f"the worker failed while stopping; its last lines:\n{self._last_lines()}")

    def check(self) -> None:
        """Raise WorkerFailed with the worker's last words if it has ended."""
        code = self._running().poll()
        if code is not None:
            raise WorkerFailed(f"the worker ended with exit code {code}; its last lines:\n{self._last_lines()}")

    def wait_ready(self) -> None:
        """Return once the worker holds its partitions and has recovered its memories."""
        http = urllib3.PoolManager(retries=False, timeout=1.0)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check()
            try:
                if http.request("GET", f"http://127.0.0.1:{self._port}/ready").status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                pass  # it does not listen yet
            time.sleep(_POLL_SECONDS)
        raise WorkerFailed(f"the worker was not ready after {START_SECONDS:.0f} s:\n{self._last_lines()}")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise WorkerFailed("the worker was not started")
        return self._process

    def _last_lines(self, count: int = 6) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-count:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
