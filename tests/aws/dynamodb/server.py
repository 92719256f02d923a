"""DynamoDB Local for tests: the service's own code on loopback, with transactions and conditions as they are.

moto copies a whole table for every transaction: a file of some size takes minutes there.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from tests.kafka_broker import ROOT, dying_with_parent, free_ports
from tests.maven import fetch_libraries

POM = Path(__file__).with_name("pom.xml")
CACHE = ROOT / ".cache" / "dynamodb"
_START_SECONDS = 60
_MAIN = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"


class DynamoDbError(Exception):
    """DynamoDB Local could not be started."""


class DynamoDbLocal:
    """An empty DynamoDB that lives, in memory, for one `with` block."""

    def __init__(self, log: Path) -> None:
        self._log = log
        (self._port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """Its address, `http://127.0.0.1:port`."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> "DynamoDbLocal":
        libraries = fetch_libraries(POM, CACHE)
        java = ["java", "-Xmx1g", f"-Djava.library.path={libraries}", "-cp", f"{libraries}/*", _MAIN]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *dying_with_parent(),
                    *java,
                    "-inMemory",
                    "-sharedDb",
                    "-disableTelemetry",
                    "-port",
                    str(self._port),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_it_serves(self._process)
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _wait_until_it_serves(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return
            time.sleep(0.05)
        self.__exit__(None, None, None)
        told = self._log.read_text(errors="replace")[-3000:]
        raise DynamoDbError(f"DynamoDB Local does not serve:\n{told}")
