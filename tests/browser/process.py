"""A dashboard as a process of its own, on a port that stays its own when it is started again."""

from collections.abc import Mapping
from pathlib import Path

import urllib3

from tests.pipeline.process import WorkerProcess
from tests.pipeline.waiting import wait_until

START_SECONDS = 45.0
_http = urllib3.PoolManager(retries=False, timeout=3.0)


class DashboardProcess(WorkerProcess):
    """`riskstream dashboard` at `url`; leaving the `with` block kills it."""

    def __init__(
        self, environment: Mapping[str, str], log: Path, port: int, host: str = "127.0.0.1", *options: str
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        command = ("scripts.main", "dashboard", "--host", host, "--port", str(port), *options)
        super().__init__(environment, log, command)

    def address(self) -> str | None:
        """Where it answers."""
        assert self.running, "the dashboard ended by itself"
        return self.url

    def wait_ready(self) -> None:
        """Return once it serves what the topics hold."""
        wait_until(lambda: self.probe("/")[0] == 200, START_SECONDS, "the dashboard serves its page")

    def wait_open(self) -> None:
        """Return once it lets people log in."""
        wait_until(lambda: self.probe("/login")[0] == 200, START_SECONDS, "the dashboard serves its login")

    def ask(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """Get something as a program would; underscores in names of headers stand for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return _http.request("GET", f"{self.url}{path}", headers=named, redirect=False)
