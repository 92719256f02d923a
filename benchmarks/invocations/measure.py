"""Sends feature rows in batches, one request after the other on one connection, and times each answer."""

import time
from collections.abc import Sequence
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import cycle, islice
from typing import Final
from urllib.parse import urlsplit

import msgspec
import numpy as np

from benchmarks.invocations.server import ServerFailed

BATCHES: Final = (1, 100, 1000)
HEADLINE: Final = 100
"""The batch whose p99 is the figure to compare by."""
WARM_UP: Final = 10
"""Requests before the clock starts."""


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Of requests of one size, from the first byte sent to the last received."""

    rows: int
    """In a request."""
    requests: int
    bytes: int
    """Of a request's body, on average."""
    p50_ms: float
    p99_ms: float
    rows_per_s: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured."""

    invocations_p99_ms: float
    """At batch 100."""
    batches: tuple[Latency, ...]


def measure(address: str, lines: Sequence[bytes], requests: int) -> Report:
    """Send documents of feature rows to a server, each batch size that many times."""
    found = {rows: _latency(address, lines, rows, requests) for rows in BATCHES}
    return Report(invocations_p99_ms=found[HEADLINE].p99_ms, batches=tuple(found.values()))


def _latency(address: str, lines: Sequence[bytes], rows: int, requests: int) -> Latency:
    endless = cycle(lines)
    bodies = [b"\n".join(islice(endless, rows)) for _ in range(WARM_UP + requests)]
    connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        took = np.array([_seconds(connection, body) for body in bodies][WARM_UP:]) * 1000.0
    finally:
        connection.close()
    # The nearest rank: a latency that was measured, never a value between two.
    p50, p99 = (round(float(each), 3) for each in np.percentile(took, (50, 99), method="inverted_cdf"))
    return Latency(
        rows=rows,
        requests=requests,
        bytes=round(sum(map(len, bodies[WARM_UP:])) / requests),
        p50_ms=p50,
        p99_ms=p99,
        rows_per_s=round(rows * requests / float(took.sum()) * 1000.0, 1),
    )


def _seconds(connection: HTTPConnection, body: bytes) -> float:
    began = time.perf_counter()
    connection.request("POST", "/invocations", body, {"Content-Type": "application/jsonlines"})
    response = connection.getresponse()
    answer = response.read()
    took = time.perf_counter() - began
    if response.status != HTTPStatus.OK:
        raise ServerFailed(f"the server answers {response.status}: {answer[:300]!r}")
    return took


def in_words(report: Report) -> str:
    """The report as a table for people."""
    lines = ["rows a request  requests    body kB    p50 ms    p99 ms     rows/s"]
    for each in report.batches:
        speeds = f"{each.p50_ms:>10,.2f}{each.p99_ms:>10,.2f}{each.rows_per_s:>11,.0f}"
        lines.append(f"{each.rows:>14,}{each.requests:>10,}{each.bytes / 1000:>11,.1f}{speeds}")
    return "\n".join(lines)
