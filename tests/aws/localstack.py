"""LocalStack without Docker, for what moto cannot do (shards that split and merge): made once, run on loopback.

It knows nothing of pytest, so that a person or a benchmark can start one too: `python -m tests.aws.localstack`.
"""

import atexit
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

from tests.kafka_broker import free_ports

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = Path(__file__).resolve().parent / "localstack-requirements.txt"
CACHE = ROOT / ".cache" / "localstack"
PYTHON = "python3.13"
"""The pinned release runs on no other."""
REGION = "us-east-1"
_INSTALL_SECONDS = 600
_START_SECONDS = 90
_STOP_SECONDS = 10
_QUIET = {
    "OVERRIDE_IN_DOCKER": "0",
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "DISABLE_EVENTS": "1",
    "DNS_ADDRESS": "0",
    "KINESIS_LATENCY": "0",
    "KINESIS_PERSISTENCE": "0",
}
"""Nothing is asked of the internet, nothing is kept, and streams are ready at once."""


class LocalStackError(Exception):
    """LocalStack could not be installed or started."""


def find_python() -> str | None:
    """Find Python 3.13 on PATH or among pyenv's versions."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    versions = sorted(root.glob(f"versions/3.13*/bin/{PYTHON}"), reverse=True)
    # One on PATH may be pyenv's shim, which runs only where that version is chosen.
    candidates = [*map(str, versions), *filter(None, [shutil.which(PYTHON)])]
    return next(filter(_runs, candidates), None)


def missing_tools() -> str | None:
    """Say what this machine lacks to run LocalStack, or None if it lacks nothing."""
    if find_python() is None:
        return "Python 3.13 is neither on PATH nor under ~/.pyenv"
    lacking = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    return f"{' and '.join(lacking)} are not installed" if lacking else None


def install(cache: Path = CACHE) -> Path:
    """Give the directory of an installation with these requirements, made unless it is there already."""
    place = cache / hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]
    done = place / "installed"
    if done.exists():
        return place
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    python = str(place / "venv" / "bin" / "python")
    _run([find_python() or PYTHON, "-m", "venv", str(place / "venv")])
    _run([python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "-r", str(REQUIREMENTS)])
    _run([python, "-m", "localstack.cli.lpm", "install", "kinesis-mock"], _environment(place))
    done.touch()
    return place


class LocalStack:
    """One LocalStack on a free port of this machine, gone with its `with` block; every service is empty."""

    def __init__(self, log: Path) -> None:
        self.log = log
        (self._port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "LocalStack":
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
    def endpoint(self) -> str:
        """The address of every service."""
        return f"http://127.0.0.1:{self._port}"

    def environment(self) -> dict[str, str]:
        """Give what a child process needs on top of its environment to use this AWS and no other."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def start(self) -> None:
        """Start, and return when it serves."""
        place = install()
        environment = _environment(place) | {"GATEWAY_LISTEN": f"127.0.0.1:{self._port}"}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_ending_with_parent(), str(place / "venv" / "bin" / "python"), "-m", "localstack.runtime.main"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        atexit.register(self.stop)
        self._wait_until_it_serves()

    def stop(self) -> None:
        """End it; told in time, it ends the servers that it started."""
        atexit.unregister(self.stop)
        if self._process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
        self._process = None

    def _wait_until_it_serves(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise LocalStackError(f"LocalStack ended while starting:\n{self._tail()}")
            if self._serves():
                return
            time.sleep(0.2)
        self.stop()
        raise LocalStackError(f"LocalStack does not serve after {_START_SECONDS} s:\n{self._tail()}")

    def _serves(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.endpoint}/_localstack/health", timeout=2) as answer:
                return "kinesis" in json.load(answer)["services"]
        except (OSError, ValueError, urllib.error.URLError):
            return False

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else "(no log)"


def _ending_with_parent() -> list[str]:
    """Prefix that has Linux tell a process that its parent died, even a killed one; elsewhere nothing."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


def _environment(place: Path) -> dict[str, str]:
    """Give LocalStack this process's environment without settings of AWS, which it would take for its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    return {**inherited, **_QUIET, "FILESYSTEM_ROOT": str(place / "root")}


def _runs(python: str) -> bool:
    done = subprocess.run([python, "-c", "import venv"], capture_output=True, check=False)
    return done.returncode == 0


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
    )
    if done.returncode != 0:
        told = (done.stdout + done.stderr)[-3000:]
        raise LocalStackError(f"`{' '.join(command[1:4])}` failed, so LocalStack cannot be made:\n{told}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory, LocalStack(Path(directory) / "localstack.log") as running:
        for name, value in running.environment().items():
            sys.stdout.write(f"export {name}={value}\n")
        sys.stdout.flush()
        # Only now: what is started inherits it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
