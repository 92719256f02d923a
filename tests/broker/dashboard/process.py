"""The dashboard as a process of its own, asked over HTTP as a browser would."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import urllib3

from tests.pipeline.process import WorkerProcess
from tests.pipeline.waiting import wait_until

START_SECONDS = 30.0
_ADDRESS = re.compile(r"dashboard: (http://\S+)")
_http = urllib3.PoolManager(retries=False, timeout=15.0)


class Dashboard(WorkerProcess):
    """`riskstream dashboard` on a free port; leaving the `with` block kills what still runs."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        super().__init__(environment, log, ("scripts.main", "dashboard", "--port", "0"))

    def wait_open(self) -> None:
        """Return once it has read what the topics held."""
        wait_until(lambda: bool(self.url()), START_SECONDS, "the dashboard listens")
        wait_until(lambda: not self.live()["broker"]["catching_up"], START_SECONDS, "it has read the topics")

    def url(self) -> str:
        """Where it listens; empty before it does."""
        assert self.running, f"the dashboard ended by itself ({self.returncode})"
        found = _ADDRESS.search(self.log_text())
        return "" if found is None else found[1]

    def get(self, path: str) -> dict[str, Any]:
        """Ask a question that has an answer."""
        answer = _http.request("GET", self.url() + path)
        assert answer.status == 200, answer.data
        found: dict[str, Any] = answer.json()
        return found

    def change(self, method: str, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Ask for a change; return status and answer."""
        answer = _http.request(method, self.url() + path, json=dict(body), headers={"x-riskstream": "1"})
        return answer.status, answer.json()

    def live(self) -> dict[str, Any]:
        """The picture of the live page."""
        return self.get("/api/live")

    def queue(self, status: str = "all") -> list[dict[str, Any]]:
        """The cases of the queue, as many as one page has."""
        found: list[dict[str, Any]] = self.get(f"/api/alerts?status={status}&limit=200")["cases"]
        return found

    def alert_ids(self) -> list[str]:
        """The alerts of all cases, sorted."""
        return sorted(member["id"] for member in self.members() if member["status"] != "random_check")

    def members(self) -> list[dict[str, Any]]:
        """The alerts and random checks of all cases."""
        return [
            member for case in self.queue() for member in self.get(f"/api/alerts/{case['lead']}/group")["members"]
        ]
