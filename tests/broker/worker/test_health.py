"""What a worker says of itself over HTTP, and to whom."""

import os
import sys
from pathlib import Path

import pytest

from detectors.assessment import LEVELS
from tests.pipeline.cluster import Cluster
from tests.pipeline.process import WorkerProcess
from tests.pipeline.traffic import payments
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(60)
COUNT = 2_000
LISTENING = "0A"


def listeners(worker: WorkerProcess) -> list[str]:
    """Where the worker's process listens, as Linux writes it: address and port in hexadecimal."""
    process = Path(f"/proc/{worker.pid}")
    own = {os.readlink(each) for each in (process / "fd").iterdir() if each.is_symlink()}
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in (process / "net" / table).read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == LISTENING and f"socket:[{row[9]}]" in own]


def test_a_worker_tells_its_state_and_its_figures(cluster: Cluster) -> None:
    with cluster.start_worker() as worker:
        wait_until(lambda: worker.probe("/live") == (200, "ok\n"), 30, "the worker is alive")
        assert worker.probe("/ready") == (503, "waiting for partitions\n")
        worker.wait_ready()
        assert worker.probe("/")[0] == 404

        cluster.send(payments(COUNT))
        cluster.wait_until_done([worker])
        wait_until(lambda: worker.metric("riskstream_ready") == 1, 5, "the gauge follows")
        metrics = worker.metrics()
        if sys.platform == "linux":
            (address,) = listeners(worker)
            assert address.startswith("0100007F:"), "only 127.0.0.1, and nothing else listens"
        worker.stop()

    levels = {level: metrics.get(f"riskstream_risk_levels_total{{level={level}}}", 0) for level in LEVELS}
    assert metrics["riskstream_transactions_received_total"] == COUNT
    assert metrics["riskstream_transactions_assessed_total"] == COUNT
    assert metrics["riskstream_assessments_archived_total"] == COUNT
    assert sum(levels.values()) == COUNT
    assert metrics["riskstream_batch_records_sum"] == COUNT
    alerts = sum(value for name, value in metrics.items() if name.startswith("riskstream_alerts_total{"))
    assert 0 < alerts == metrics["riskstream_alert_latency_seconds_count"]
    assert metrics["riskstream_alert_rate"] == (levels["high"] + levels["critical"]) / COUNT
    assert metrics["riskstream_alert_budget"] == cluster.bundle.manifest.budgets.high
