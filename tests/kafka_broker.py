"""A real Apache Kafka for tests and benchmarks: fetched once with Maven, run on Java 17+, gone with its owner.

It knows nothing of pytest, so that a benchmark can start one too.
"""

import atexit
import base64
import contextlib
import itertools
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.maven import fetch_libraries

ROOT = Path(__file__).resolve().parent.parent
POM = Path(__file__).resolve().parent / "broker" / "kafka" / "pom.xml"
CACHE = ROOT / ".cache" / "kafka"
OLDEST_JAVA = 17
_START_SECONDS = 90
_STOP_SECONDS = 30


class KafkaBrokerError(Exception):
    """Kafka could not be fetched or started."""


def missing_tools() -> str | None:
    """Say what this machine lacks to run Kafka, or None if it lacks nothing."""
    java = shutil.which("java")
    if java is None:
        return f"Java {OLDEST_JAVA} or newer is not installed"
    version = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', version)
    if found is None or int(found[1]) < OLDEST_JAVA:
        return f"Java {OLDEST_JAVA} or newer is needed, found {found[1] if found else 'something else'}"
    return None if shutil.which("mvn") else "Maven (mvn) is not installed"


class ApacheKafka:
    """One broker that is its own controller (KRaft), on two free loopback ports, keeping its data in a directory.

    Its address and data survive `stop`, `kill` and `start`. It must be started by a thread that outlives it.
    """

    role_options: Sequence[str] = ("--standalone",)
    """How its data directory is made: with a controller that is alone."""

    def __init__(
        self, directory: Path, properties: dict[str, str] | None = None, format_options: Sequence[str] = ()
    ) -> None:
        self.directory = directory
        self.log = directory / "kafka.log"
        self.cluster_id = _cluster_id()
        self._port, self._controller_port = free_ports(2)
        self._extra = properties or {}
        self._format_options = format_options
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "ApacheKafka":
        self.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """The broker's address, `127.0.0.1:port`; the same after a restart."""
        return f"127.0.0.1:{self._port}"

    @property
    def controller(self) -> str:
        """The controller's address, for brokers that join."""
        return f"127.0.0.1:{self._controller_port}"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start on what the data directory holds, and return when clients are served."""
        libraries = fetch_libraries(POM, CACHE)
        self._prepare(libraries)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*dying_with_parent(), *self._java(libraries, "-Xmx512m"), "kafka.Kafka", str(self._settings)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        atexit.register(self.kill)
        self._wait_until_it_serves()

    def stop(self) -> None:
        """Shut down in order; whatever is left after that is killed."""
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the process group at once, as a power cut would."""
        atexit.unregister(self.kill)
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def restart(self) -> None:
        """Stop and start on the same address and data."""
        self.stop()
        self.start()

    @property
    def _settings(self) -> Path:
        return self.directory / "server.properties"

    def _prepare(self, libraries: Path) -> None:
        """Write the settings and format the data directory, the first time."""
        if self._settings.exists():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        properties = self._properties() | self._extra
        self._settings.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        command = ["kafka.tools.StorageTool", "format", *self.role_options, "-t", self.cluster_id]
        command += [*self._format_options, "-c"]
        done = subprocess.run(
            [*self._java(libraries), *command, str(self._settings)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise KafkaBrokerError(f"Kafka's data directory could not be made:\n{done.stdout}{done.stderr}")

    def _properties(self) -> dict[str, str]:
        client, controller = f"PLAINTEXT://{self.bootstrap}", self.controller
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.bootstrap.servers": controller,
            "listeners": f"{client},CONTROLLER://{controller}",
            "advertised.listeners": client,
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self.directory / "data"),
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            # After a kill the controller waits for the old session to end before it takes the broker back.
            "broker.heartbeat.interval.ms": "500",
            "broker.session.timeout.ms": "3000",
            # A topic that nobody declared is a mistake that must show.
            "auto.create.topics.enable": "false",
        }

    def _java(self, libraries: Path, *options: str) -> list[str]:
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        return ["java", *options, "-XX:+UseSerialGC", quiet, "-cp", f"{libraries}/*"]

    def _wait_until_it_serves(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if not self.running:
                self.kill()
                raise KafkaBrokerError(f"Kafka ended while starting:\n{self._tail()}")
            if _accepts(self._port) and self._lists_itself():
                return
            time.sleep(0.1)
        self.kill()
        raise KafkaBrokerError(f"Kafka does not serve after {_START_SECONDS} s:\n{self._tail()}")

    def _lists_itself(self) -> bool:
        try:
            admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
            return bool(admin.list_topics(timeout=5).brokers)
        except KafkaException:
            return False

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else "(no log)"


def dying_with_parent() -> list[str]:
    """Prefix that has Linux end a process with its parent, even one that is killed; elsewhere nothing."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def free_ports(count: int) -> list[int]:
    """Choose ports below the range of outgoing connections.

    A client that redials a broker while it restarts could otherwise be given the broker's own port.
    """
    ports = random.sample(range(20_000, 32_000), 200)
    return list(itertools.islice(filter(_is_free, ports), count))


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _cluster_id() -> str:
    """Make a Kafka UUID: 16 bytes in URL-safe base64; the tool reads a leading dash as an option."""
    return base64.urlsafe_b64encode(b"\x40" + uuid.uuid4().bytes[1:]).rstrip(b"=").decode()
