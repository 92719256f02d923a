"""`riskstream demo` as people start it: a process that shows its dashboard, sums up, and goes when told to."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from stream.simulation import SimulationConfig, simulate
from stream.simulation.writing import write_csv
from tests.kafka_broker import dying_with_parent, free_ports
from tests.pipeline.process import child_environment
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(120)
SECONDS = 90.0
INTERRUPTED = 130
_ADDRESS = re.compile(r"dashboard at (http://127\.0\.0\.1:\d+)/")
_WORKER = re.compile(r"worker\s+process\s+(\d+)")
_http = urllib3.PoolManager(retries=False, timeout=5.0)


class Demo:
    """A demo at work on a file of payments, in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._log = directory / "demo.log"
        self.payments = write_csv(
            simulate(SimulationConfig(seed=3, accounts=80, days=6, fraud_rate=0.01)), directory / "small.csv"
        )
        command = ["demo", "--csv", "small.csv", "--summary", "summary.json", "--rate", "2000", "--keep"]
        (port,) = free_ports(1)
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*dying_with_parent(), sys.executable, "-m", "scripts.main", *command],
                env=child_environment({"RISKSTREAM_DASHBOARD_PORT": str(port)}),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """Everything it printed so far."""
        return self._log.read_text(errors="replace")

    def has_said(self, words: str) -> bool:
        """Tell whether it printed something; it must not end before."""
        assert self.process.poll() is None, f"the demo ended by itself:\n{self.said[-3000:]}"
        return words in self.said

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        """Ask its dashboard, at the address that it printed."""
        found = _ADDRESS.search(self.said)
        assert found is not None, self.said
        return _http.request("GET", found[1] + path)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    started = Demo(tmp_path_factory.mktemp("demo"))
    try:
        wait_until(lambda: started.has_said("Staying up until Ctrl-C."), SECONDS, "the demo has summed up")
        yield started
    finally:
        if started.process.poll() is None:
            started.process.send_signal(signal.SIGINT)
            started.process.wait(60)


def test_the_dashboard_is_there_before_the_payments(demo: Demo) -> None:
    assert 0 < demo.said.index("dashboard at ") < demo.said.index("CRITICAL")
    assert "riskstream" in demo.get("/").data.decode()


def test_the_dashboard_shows_what_the_summary_counts(demo: Demo) -> None:
    summary = json.loads((demo.directory / "summary.json").read_text())
    half = demo.payments // 2
    assert summary["transactions"] == summary["assessed"] == demo.payments - half
    assert summary["backfilled"] == half
    assert summary["dead_letters"] == 0
    assert 0 < summary["alerts"] <= summary["risky"]

    cases = demo.get("/api/alerts?status=all&limit=200").json()["cases"]
    groups = [demo.get(f"/api/alerts/{case['lead']}/group").json() for case in cases]
    members = [member for group in groups for member in group["members"]]
    assert sum(member["status"] != "random_check" for member in members) == summary["alerts"]
    live = demo.get("/api/live").json()
    assert live["payments"]["window"] == summary["transactions"]
    assert live["payments"]["backfilled"] == summary["backfilled"]


def test_history_and_models_have_something_to_show(demo: Demo) -> None:
    summary = json.loads((demo.directory / "summary.json").read_text())
    held = demo.get("/api/history").json()["held"]
    whole = demo.get(f"/api/history?start={held['start']}&end={held['end']}").json()
    assert whole["totals"]["payments"] == summary["transactions"]
    assert whole["totals"]["alerts"] == summary["alerts"]
    models = demo.get("/api/models").json()
    assert models["report"] is not None


def test_ctrl_c_ends_it_and_leaves_nothing_running(demo: Demo) -> None:
    worker = _WORKER.search(demo.said)
    assert worker is not None
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(60) == INTERRUPTED
    assert "Stopped; nothing is left running." in demo.said
    with pytest.raises(ProcessLookupError):
        os.kill(int(worker[1]), 0)
    with pytest.raises(urllib3.exceptions.HTTPError):
        demo.get("/")
    assert (demo.directory / "demo-output" / "archive").is_dir()
