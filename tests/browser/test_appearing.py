"""Alerts reach an open page within two seconds; none is lost or doubled where the server goes away for a while."""

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Pages
from tests.browser.queue import all_cases, members, members_of
from tests.browser.scene import Published, Scene
from tests.browser.traffic import traffic
from tests.pipeline.waiting import wait_until

PERCENTILE = 95
MOST_MS = 2_000
NEWEST = "/alerts?status=all&sort=newest"
OBSERVER = """
window.__appeared = {};
const look = () => {
  const now = Date.now();
  for (const time of document.querySelectorAll("#cases > li time")) {
    window.__appeared[`${time.closest("li").dataset.id} ${time.dateTime}`] ??= now;
  }
};
new MutationObserver(look).observe(document, { subtree: true, childList: true, attributeFilter: ["datetime"] });
"""
"""Notes, by the browser's clock, which is the broker's, when a row first told of a time of arrival."""
_ROWS = "rows => rows.map((row) => `${row.dataset.id} ${row.querySelector('time').dateTime}`)"
_GONE = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_INCOMPLETE_CHUNKED", "ERR_EMPTY_RESPONSE")


def appearances(page: Page, scene: Scene, alerts: list[Published]) -> list[float | None]:
    """When the page first told of each alert, in milliseconds since its record's timestamp; None if it has not."""
    seen: dict[str, list[tuple[str, int]]] = {}
    for key, at in page.evaluate("() => window.__appeared").items():
        case, _, arrived = key.partition(" ")
        seen.setdefault(case, []).append((arrived, at))
    case_of = {member["id"]: case["id"] for case in all_cases(scene) for member in members_of(scene, case)}
    return [_appeared(seen.get(case_of.get(alert.id, ""), []), alert) for alert in alerts]


def _appeared(seen: list[tuple[str, int]], alert: Published) -> float | None:
    """A row tells of an alert as soon as its newest arrival is that of the alert, or a later one."""
    arrived = datetime.fromtimestamp(alert.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    instant = arrived.replace("+00:00", "Z")
    return min((at - alert.at_ms for newest, at in seen if newest >= instant), default=None)


def test_alerts_appear_within_two_seconds_of_being_produced(
    scene: Scene, pages: Pages, figures: Counter[str]
) -> None:
    before = {alert.id for alert in scene.alerts()}
    payments = traffic().under_way
    page = pages.open(NEWEST, script=OBSERVER)
    expect(page.locator("#cases > li").first).to_be_visible()
    with scene.flow(payments) as flow:
        while flow.sent < len(payments):
            page.wait_for_timeout(250)
    scene.wait_until_done()
    fresh = [alert for alert in scene.alerts() if alert.id not in before]
    assert len(fresh) > len(payments) // 40

    def all_there() -> bool:
        page.wait_for_timeout(100)
        return None not in appearances(page, scene, fresh)

    wait_until(all_there, 15, "every alert has appeared")
    waited = [each for each in appearances(page, scene, fresh) if each is not None]
    assert min(waited) >= 0
    figures["alert_to_page_ms_p95"] = round(float(np.percentile(waited, PERCENTILE)))
    assert figures["alert_to_page_ms_p95"] <= MOST_MS


@pytest.mark.timeout(90)
def test_a_restart_of_the_server_loses_no_alert_and_doubles_none(scene: Scene, pages: Pages) -> None:
    page = pages.open(NEWEST, forgiven=lambda what: any(name in what for name in _GONE))
    state = page.locator("#connection")
    expect(state).to_have_attribute("data-state", "live")
    before = {alert.id for alert in scene.alerts()}

    scene.dashboard.stop()
    expect(state).to_have_attribute("data-state", "lost")
    with scene.flow(traffic().later, rate=400):
        pass
    scene.wait_until_done()
    meanwhile = {alert.id for alert in scene.alerts()} - before
    assert meanwhile
    scene.restarted()
    expect(state).to_have_attribute("data-state", "live", timeout=40_000)

    def caught_up() -> bool:
        return Counter(members(scene)) == Counter(alert.id for alert in scene.alerts())

    wait_until(caught_up, 20, "the server knows every alert, once")
    cases = sorted(f"{case['id']} {case['arrived']}" for case in all_cases(scene))

    def shown() -> list[str]:
        rows = page.locator("#cases > li")
        return sorted(rows.evaluate_all(_ROWS))

    wait_until(lambda: shown() == cases, 15, "the page shows each case that the server knows, once, as it is now")
