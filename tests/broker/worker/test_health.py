"""What a worker says of itself over HTTP, and to whom."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.pipeline.cluster import Cluster
from tests.pipeline.process import WorkerProcess
from tests.pipeline.traffic import payments
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(60)
COUNT = 1_000


def listening_addresses(worker: WorkerProcess) -> set[str]:
    """Local addresses on which the worker's process listens, as Linux tells them, `ip:port`."""
    inodes = worker.socket_inodes()
    found = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        with open(f"/proc/{worker.pid}/net/{table}") as lines:
            next(lines)
            for line in lines:
                local, state, inode = (line.split()[column] for column in (1, 3, 9))
                if state == "0A" and inode in inodes:
                    found.add(_readable(local, family))
    return found


def test_readiness_and_metrics(cluster: Cluster) -> None:
    pass
