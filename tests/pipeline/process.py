"""A worker as a process of its own, seen from outside: its signals, exit code, log, probes and metrics."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import urllib3
from prometheus_client.parser import text_string_to_metric_families

from tests.pipeline.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 45.0
STOP_SECONDS = 30.0
"""What the worker promises after SIGTERM."""

_OURS = ("RISKSTREAM_", "AWS_")
_ADDRESS = re.compile(r"health server listens.*?(http://[\d.]+:\d+)")
_LOOSE_ENDS = re.compile(
    r"was never awaited|Task was destroyed|exception was never retrieved|Unclosed|Executing <Task"
)
_http = urllib3.PoolManager(retries=False, timeout=3.0)


def child_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Give this process's environment without settings of ours or AWS's, and `given` on top."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "200", **given}


class WorkerProcess:
    """One worker; leaving the `with` block kills what still runs."""

    def __init__(self, environment: Mapping[str, str], log: Path, module: Sequence[str]) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *module],
                env=child_environment({"RISKSTREAM_HEALTH_PORT": "0", **environment}),
                cwd=ROOT,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def __enter__(self) -> "WorkerProcess":
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()
        if error is not None:
            error.add_note(f"--- the end of {self.log.name}:\n{self.log_text()[-6000:]}")

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        """The exit code, minus the signal's number where one ended it; None while it lives."""
        return self._process.poll()

    def log_text(self) -> str:
        """Everything it wrote so far, to stdout and stderr."""
        return self.log.read_text(errors="replace")

    def terminate(self) -> None:
        """Ask it to drain and stop."""
        self._process.send_signal(signal.SIGTERM)

    def pause(self) -> None:
        """Stop it in its tracks, as a machine that is suspended."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on as if nothing had been."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self.running:
            self._process.kill()
        self._process.wait()

    def exit_code(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for its end and return its exit code; fail if it goes on."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the worker still runs after {seconds:g} s") from None

    def stop(self) -> float:
        """Drain and stop; it has to end well, leaving nothing loose. Return the seconds it took."""
        assert self.running, "the worker ended by itself"
        started = time.monotonic()
        self.terminate()
        assert self.exit_code() == 0
        assert not _LOOSE_ENDS.findall(self.log_text())
        return time.monotonic() - started

    def wait_ready(self) -> None:
        """Return once it holds its partitions and has recovered its memories."""
        wait_until(lambda: self.probe("/ready")[0] == 200, READY_SECONDS, "the worker is ready")

    def address(self) -> str | None:
        """Where its health server listens; None before it does."""
        assert self.running, "the worker ended by itself"
        found = _ADDRESS.search(self.log_text())
        return None if found is None else found[1]

    def probe(self, path: str) -> tuple[int, str]:
        """Ask its health server; status 0 while there is none."""
        address = self.address()
        if address is None:
            return 0, ""
        try:
            answer = _http.request("GET", f"{address}{path}")
        except urllib3.exceptions.HTTPError:
            return 0, ""
        return answer.status, answer.data.decode()

    def metrics(self) -> dict[str, float]:
        """Read its metrics, by name, those with labels as `name{label=value}`; none before it serves them."""
        _, text = self.probe("/metrics")
        return {
            sample.name + "".join(f"{{{name}={value}}}" for name, value in sample.labels.items()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def metric(self, name: str) -> float:
        """Read one metric, 0 before it was first counted."""
        return self.metrics().get(name, 0.0)
