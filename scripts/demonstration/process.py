"""The demo's worker and dashboard: our own commands as processes, which never outlive the demo."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import urllib3

from stream.errors import StreamError

START_SECONDS = 60.0
STOP_SECONDS = 30.0
_POLL_SECONDS = 0.1


class ProcessFailed(StreamError):
    """A process ended by itself, or did not become ready."""


class CommandProcess:
    """A command of ours that runs for one `with` block; leaving it drains and stops it."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        ready_address: str,
    ) -> None:
        """`ready_address` answers with 200 once the command is ready."""
        self._name = name
        self._arguments = arguments
        self._environment = environment
        self._log = log
        self._ready_address = ready_address
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            # A session of its own: Ctrl-C reaches the demo alone, which then stops the process in order.
            self._process = subprocess.Popen(  # noqa: S603  our own commands
                [sys.executable, "-m", "scripts.main", *self._arguments],
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
        """Its process id."""
        return self._running().pid

    def cpu_seconds(self) -> float:
        """CPU time it has used so far, user and system, all threads (Linux only)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        user, system = int(fields[11]), int(fields[12])
        return (user + system) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Drain and stop; raise ProcessFailed if it did not end well."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        if process.wait(timeout=STOP_SECONDS) != 0:
            raise ProcessFailed(f"{self._name} failed while stopping; its last lines:\n{self._last_lines()}")

    def check(self) -> None:
        """Raise ProcessFailed with its last words if it has ended."""
        code = self._running().poll()
        if code is not None:
            raise ProcessFailed(f"{self._name} ended with exit code {code}; its last lines:\n{self._last_lines()}")

    def wait_ready(self) -> None:
        """Return once it serves; a worker holds its partitions then and has recovered its memories."""
        http = urllib3.PoolManager(retries=False, timeout=1.0)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check()
            try:
                if http.request("GET", self._ready_address).status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                pass  # it does not listen yet
            time.sleep(_POLL_SECONDS)
        raise ProcessFailed(f"{self._name} was not ready after {START_SECONDS:.0f} s:\n{self._last_lines()}")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ProcessFailed(f"{self._name} was not started")
        return self._process

    def _last_lines(self, count: int = 6) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-count:])


class WorkerProcess(CommandProcess):
    """`riskstream worker`."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        port = _free_port()
        own = {**environment, "RISKSTREAM_HEALTH_PORT": str(port)}
        super().__init__("the worker", ["worker"], own, log, f"http://127.0.0.1:{port}/ready")


class DashboardProcess(CommandProcess):
    """`riskstream dashboard`, at `address`."""

    def __init__(self, environment: Mapping[str, str], log: Path, preferred_port: int = 0) -> None:
        port = _free_port(preferred_port)
        self.address = f"http://127.0.0.1:{port}/"
        super().__init__("the dashboard", ["dashboard", "--port", str(port)], environment, log, self.address)


def _free_port(preferred: int = 0) -> int:
    """Return the preferred port if nobody listens there, else any free one."""
    for wanted in (preferred, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", wanted))
            port: int = probe.getsockname()[1]
            return port
    raise ProcessFailed("no port is free on 127.0.0.1")
