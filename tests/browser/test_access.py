"""Who gets in: nobody without the token where others could reach the server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import Pages
from tests.browser.process import DashboardProcess
from tests.browser.scene import Scene, start_dashboard
from tests.kafka_broker import free_ports

TOKEN = "correct-horse-battery-staple"
EVERYWHERE = "0.0.0.0"


@pytest.fixture(scope="module")
def guarded(scene: Scene) -> Iterator[DashboardProcess]:
    """A dashboard that the network could reach."""
    (port,) = free_ports(1)
    with start_dashboard(scene.cluster, port, EVERYWHERE, RISKSTREAM_DASHBOARD_TOKEN=TOKEN) as running:
        running.wait_open()
        yield running


def test_it_does_not_start_beyond_loopback_without_a_token(scene: Scene) -> None:
    (port,) = free_ports(1)
    with start_dashboard(scene.cluster, port, EVERYWHERE) as refused:
        assert refused.exit_code() == 1
        assert "RISKSTREAM_DASHBOARD_TOKEN" in refused.log_text()


def test_a_program_needs_the_token(guarded: DashboardProcess) -> None:
    assert guarded.ask("/api/live").status == 401
    assert guarded.ask("/api/live", authorization="Bearer something-else-entirely").status == 401
    assert guarded.ask("/api/live", authorization=f"Bearer {TOKEN}").status == 200


def test_a_person_logs_in_once(browser: Browser, guarded: DashboardProcess) -> None:
    pages = Pages(browser, guarded.url)
    page = pages.open("/alerts", forgiven=lambda what: "401" in what)
    expect(page).to_have_url(f"{guarded.url}/login")
    page.get_by_label("Token").fill("not-the-token-at-all")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("This is not the token.")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    page.goto(f"{guarded.url}/alerts")
    expect(page.locator("#cases > li").first).to_be_visible()
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert TOKEN not in cookie["value"]
    pages.close()
    assert pages.faults == []
    assert TOKEN not in guarded.log_text()


def test_another_site_is_told_nothing(scene: Scene) -> None:
    assert scene.dashboard.ask("/api/live", host="rebound.example").status == 403
    assert scene.dashboard.ask("/api/live").status == 200
