"""`make soak`: 1,000 alerts a minute on pages that stay open; prints a table, fails where a bound is broken.

Before, the server is given as many alerts as it holds: what grows from then on is a leak.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from playwright.sync_api import Browser

from dashboard.state.cases import MOST_ALERTS
from stream.embedded.aws import EmbeddedAws
from tests import kafka_broker
from tests.browser import chromium
from tests.browser.chromium import WIDE, running_chromium
from tests.browser.process import DashboardProcess
from tests.browser.scene import start_dashboard
from tests.kafka_broker import ApacheKafka, free_ports
from tests.pipeline.cluster import Cluster, recreate_topics
from tests.pipeline.traffic import saved_bundle, small_bundle
from tests.pipeline.waiting import wait_until
from tests.soak.sending import Sending
from tests.soak.traffic import Alerts, alert_id
from tests.soak.watching import OBSERVER, Tab, resident_mib, slope_a_minute

PER_MINUTE = 1_000
LOOK_SECONDS = 15.0
READ_SECONDS = 4.0
"""How long each alert is open."""
SETTLE_MS = 700
_OPEN = "(turn) => document.querySelectorAll('#cases a')[turn]?.click()"
_LEAVE = """
() => {
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  document.activeElement.blur();
}
"""
SETTLED_MINUTES = 2.0
"""Memory is judged after these, or after two fifths of a shorter run."""
LONG_TASK_MS = 100.0
HEAP_MIB_A_MINUTE = 0.5
NODES_A_MINUTE = 50.0
FILL_MIB_A_THOUSAND = 12.0
"""Of the server, for each thousand alerts that it takes in and all that comes with them, until it is full."""
SERVER_MIB_A_MINUTE = 2.0
"""Of the server, once it is full."""
FILL_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Bound:
    """One figure, and the most that it may be."""

    name: str
    value: float
    most: float
    unit: str

    @property
    def kept(self) -> bool:
        """Whether all is well."""
        return self.value <= self.most


def main() -> int:
    """Run, print, judge."""
    given = _arguments()
    for lack in (chromium.missing_tools(), kafka_broker.missing_tools()):
        if lack is not None:
            sys.exit(f"error: {lack}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    alerts = Alerts()
    with (
        _dashboard() as (cluster, dashboard),
        running_chromium("--enable-precise-memory-info") as browser,
    ):
        sending = Sending(cluster.bootstrap, alerts, given.per_minute, MOST_ALERTS)
        filled = _fill(dashboard, sending)
        with sending:
            tabs = [_open(browser, dashboard, path) for path in given.pages]
            before = sending.sent
            rss = _watch(tabs, dashboard, given.minutes, lambda: sending.sent - before)
            sent = sending.sent - before
            last = _newest_shown(tabs)
    bounds = [
        Bound("server's memory while it fills", filled, FILL_MIB_A_THOUSAND, "MiB/1,000"),
        *_judge(tabs, rss, given.minutes),
    ]
    _print(bounds)
    broken = [bound.name for bound in bounds if not bound.kept]
    if given.json:
        given.json.write_text(json.dumps(_document(tabs, rss, bounds, sent, last, given), indent=2) + "\n")
    rate = sent / given.minutes
    typer.echo(
        f"{sent:,} alerts in {given.minutes:g} min ({rate:,.0f} a minute); broken: {', '.join(broken) or 'none'}"
    )
    return 1 if broken or sending.failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--per-minute", type=float, default=PER_MINUTE)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--pages", nargs="+", default=["/alerts", "/"], metavar="PATH")
    return parser.parse_args()


@contextmanager
def _dashboard() -> Iterator[tuple[Cluster, DashboardProcess]]:
    """A dashboard on an empty broker; no worker, since what it would publish is published here."""
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as name,
        EmbeddedAws("unused") as aws,
        ApacheKafka(Path(name) / "kafka") as broker,
    ):
        scratch = Path(name)
        bundle = saved_bundle(scratch / "bundle")
        cluster = Cluster(broker.bootstrap, aws.endpoint, small_bundle(), bundle, scratch)
        recreate_topics(broker.bootstrap, cluster.name)
        (port,) = free_ports(1)
        with start_dashboard(cluster, port) as dashboard:
            dashboard.wait_ready()
            yield cluster, dashboard


def _fill(dashboard: DashboardProcess, sending: Sending) -> float:
    """Give the server as many alerts as it holds; return what a thousand take, in MiB."""
    empty = resident_mib(dashboard.pid)
    sending.fill()
    newest = f"/api/alerts/{alert_id(MOST_ALERTS - 1)}/group"
    wait_until(lambda: dashboard.ask(newest).status == 200, FILL_SECONDS, "the server has read all alerts")
    full = resident_mib(dashboard.pid)
    typer.echo(f"{MOST_ALERTS:,} alerts: server {empty:.0f} MiB before, {full:.0f} MiB after")
    return (full - empty) / (MOST_ALERTS / 1000)


def _open(browser: Browser, dashboard: DashboardProcess, path: str) -> Tab:
    context = browser.new_context(viewport=WIDE)
    context.add_init_script(OBSERVER)
    page = context.new_page()
    page.goto(dashboard.url + path)
    page.wait_for_timeout(2_000)
    tab = Tab.of(path, page)
    tab.start()
    return tab


def _watch(
    tabs: Sequence[Tab], dashboard: DashboardProcess, minutes: float, sent: Any
) -> list[tuple[float, float]]:
    """Look at pages and server every now and then, until the time is over; return the server's memory by time."""
    began = time.monotonic()
    rss: list[tuple[float, float]] = []
    while (now := time.monotonic() - began) < minutes * 60:
        rss.append((now, resident_mib(dashboard.pid)))
        seen = [f"{tab.name} {(one := tab.look(now)).heap_mib:.1f} MiB {one.nodes:,.0f} nodes" for tab in tabs]
        typer.echo(f"{now:5.0f} s  {sent():6,} alerts  server {rss[-1][1]:.0f} MiB  {'  '.join(seen)}")
        _read_alerts(tabs, began + min(now + LOOK_SECONDS, minutes * 60))
    for tab in tabs:
        tab.look(time.monotonic() - began)
    return rss


def _read_alerts(tabs: Sequence[Tab], until: float) -> None:
    """Open one alert after the other, as an analyst does, and leave the queue as it was."""
    turn = 0
    while (left := until - time.monotonic()) > 0:
        for tab in tabs:
            if tab.name.startswith("/alerts"):
                tab.page.evaluate(_OPEN, turn)
        turn += 1
        tabs[0].page.wait_for_timeout(min(READ_SECONDS, left) * 1000)
    for tab in tabs:
        tab.page.evaluate(_LEAVE)
    tabs[0].page.wait_for_timeout(SETTLE_MS)


def _newest_shown(tabs: Sequence[Tab]) -> str | None:
    """When the newest alert of the queue arrived, as its page says."""
    found = [tab for tab in tabs if tab.name.startswith("/alerts")]
    script = (
        "() => [...document.querySelectorAll('#cases time')].map((node) => node.dateTime).sort().at(-1) ?? null"
    )
    return found[0].page.evaluate(script) if found else None


def _judge(tabs: Sequence[Tab], rss: Sequence[tuple[float, float]], minutes: float) -> list[Bound]:
    settled = min(SETTLED_MINUTES, minutes * 0.4) * 60
    bounds = []
    for tab in tabs:
        later = [one for one in tab.samples if one.seconds >= settled]
        times = [one.seconds for one in later]
        heap = slope_a_minute(times, [one.heap_mib for one in later])
        nodes = slope_a_minute(times, [one.nodes for one in later])
        bounds += [
            Bound(f"{tab.name} long tasks, median second", tab.median_ms, LONG_TASK_MS, "ms"),
            Bound(f"{tab.name} heap", heap, HEAP_MIB_A_MINUTE, "MiB/min"),
            Bound(f"{tab.name} DOM nodes", nodes, NODES_A_MINUTE, "/min"),
        ]
    later_rss = [(at, value) for at, value in rss if at >= settled]
    server = slope_a_minute([at for at, _ in later_rss], [value for _, value in later_rss])
    return [*bounds, Bound("server's memory", server, SERVER_MIB_A_MINUTE, "MiB/min")]


def _print(bounds: Sequence[Bound]) -> None:
    for bound in bounds:
        mark = "ok " if bound.kept else "BAD"
        typer.echo(f"{mark} {bound.name:40} {bound.value:10.2f} {bound.unit:8} (at most {bound.most:g})")


def _document(
    tabs: Sequence[Tab],
    rss: Sequence[tuple[float, float]],
    bounds: Sequence[Bound],
    sent: int,
    last: str | None,
    given: argparse.Namespace,
) -> dict[str, Any]:
    return {
        "minutes": given.minutes,
        "alerts": sent,
        "newest_shown": last,
        "pages": {
            tab.name: {
                "long_task_ms_median_second": tab.median_ms,
                "long_task_ms_p95_second": tab.percentile_ms(95),
                "long_task_ms_worst_second": max(tab.seconds),
                "heap_mib": [round(one.heap_mib, 2) for one in tab.samples],
                "nodes": [one.nodes for one in tab.samples],
                "listeners": [one.listeners for one in tab.samples],
            }
            for tab in tabs
        },
        "server_mib": [round(value, 1) for _, value in rss],
        "bounds": {bound.name: {"value": bound.value, "most": bound.most, "kept": bound.kept} for bound in bounds},
    }


if __name__ == "__main__":
    sys.exit(main())
