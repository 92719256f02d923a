"""A measured process: started for one `with` block, with its CPU time, gone afterwards."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from stream.errors import StreamError

STOP_SECONDS = 15.0
LAST_LINES = 8


class RivalFailed(StreamError):
    """A measured process ended by itself, or did not begin."""


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used so far, user and system, all threads (Linux only)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Process:
    """A command that runs for one `with` block."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = command
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Process":
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own commands
                self._command,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
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
        process = self._running
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def cpu_seconds(self) -> float:
        """CPU time it has used so far."""
        return cpu_seconds(self._running.pid)

    @property
    def ended(self) -> bool:
        """Whether it has ended, well; raises `RivalFailed` if it ended badly."""
        code = self._running.poll()
        if code not in (None, 0):
            raise RivalFailed(f"{' '.join(self._command)} ended with exit code {code}:\n{self._last_lines()}")
        return code == 0

    def check(self) -> None:
        """Raise `RivalFailed` if it has ended."""
        if self.ended:
            raise RivalFailed(f"{' '.join(self._command)} ended by itself:\n{self._last_lines()}")

    def wait(self, seconds: float) -> None:
        """Return when it has ended well."""
        deadline = time.monotonic() + seconds
        while not self.ended:
            if time.monotonic() > deadline:
                raise RivalFailed(f"{' '.join(self._command)} did not end in {seconds:g} s:\n{self._last_lines()}")
            time.sleep(0.02)

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RivalFailed(f"{' '.join(self._command)} was not started")
        return self._process

    def _last_lines(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-LAST_LINES:])
