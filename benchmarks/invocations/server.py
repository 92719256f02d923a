"""The inference server as a process of its own, on a free port of loopback."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Final

from serving.errors import ServingError

ROOT: Final = Path(__file__).resolve().parents[2]
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 30.0
"""What SageMaker leaves between SIGTERM and SIGKILL."""
_OTHERS = ("RISKSTREAM_", "SAGEMAKER_", "SM_")


class ServerFailed(ServingError):
    """The server does not come up, or does not go."""


class ServerProcess:
    """One server; leaving the `with` block ends it."""

    def __init__(self, model: Path, log: Path, environment: Mapping[str, str] | None = None) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OTHERS)}
        command = [sys.executable, "-m", "serving.sagemaker", "serve", "--model", str(model), "--port", "0"]
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603  our own module
                command,
                cwd=ROOT,
                env={**inherited, "PYTHONPATH": str(ROOT), **(environment or {})},
                stdout=output,
                stderr=output,
            )

    def __enter__(self) -> "ServerProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def address(self) -> str:
        """Wait until it listens, and return http://host:port. Raises ServerFailed if it does not."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            for line in self.log.read_text().splitlines():
                with suppress(ValueError, KeyError, IndexError):
                    return str(json.loads(line)["addresses"][0])
            time.sleep(0.05)
        raise ServerFailed(f"the server does not listen; its log:\n{self.log.read_text()[-2000:]}")

    def ready(self) -> str:
        """Wait until its bundle is loaded, and return its address. Raises ServerFailed if it does not load."""
        address, deadline = self.address(), time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if ping(address) == HTTPStatus.OK:
                return address
            time.sleep(0.05)
        raise ServerFailed(f"the bundle is not loaded; the server's log:\n{self.log.read_text()[-2000:]}")

    def terminate(self) -> None:
        """Ask it to finish what it began, and to end."""
        self._process.terminate()

    def exit_code(self) -> int:
        """Wait for its end. Raises ServerFailed if it goes on for longer than SageMaker waits."""
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"the server still runs {STOP_SECONDS:g} s after SIGTERM") from None


def ping(address: str) -> int:
    """Return the status of the health check."""
    try:
        with urllib.request.urlopen(f"{address}/ping", timeout=STOP_SECONDS) as response:  # noqa: S310  loopback
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
