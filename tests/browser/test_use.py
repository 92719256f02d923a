"""For everybody: with a screen reader, with a keyboard alone, and on a narrow screen."""

import re
from collections import Counter
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import PATHS, Pages
from tests.browser.queue import all_cases
from tests.browser.scene import Scene

NARROW = {"width": 320, "height": 640}
GRAVE = ("serious", "critical")
READY = {
    "/": "#countries tbody tr",
    "/alerts": "#cases > li",
    "/history": "#history-tiles .tile",
    "/models": "#bundle dl",
}
"""What a page shows once it has its figures."""
_TOO_WIDE = """
() => [...document.querySelectorAll("body *")]
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => `${node.tagName}.${node.className}`).slice(0, 8)
"""


def ready(page: Page, path: str) -> Page:
    """Wait for a page's figures."""
    expect(page.locator(READY[path]).first).to_be_visible()
    return page


def grave_faults(page: Page) -> list[str]:
    """What axe-core finds serious or critical."""
    if not page.evaluate("() => 'axe' in window"):
        # Evaluated from outside, so that the page's own policy stays in force.
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
    assert found["passes"]
    return [
        f"{fault['id']} ({fault['impact']}): {[node['target'] for node in fault['nodes']][:5]}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_no_grave_fault(pages: Pages, figures: Counter[str], path: str, theme: str) -> None:
    page = ready(pages.open(path, color_scheme=theme), path)
    found = grave_faults(page)
    figures["axe_serious"] += len(found)
    assert found == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_grave_fault_in_an_opened_alert(
    scene: Scene, pages: Pages, figures: Counter[str], theme: str
) -> None:
    lead = next(case for case in all_cases(scene, status="open") if case["kind"] == "alert")["lead"]
    page = pages.open(f"/alerts#{lead}", color_scheme=theme)
    expect(page.locator('#detail [data-part="lime"] canvas')).to_be_visible()
    found = grave_faults(page)
    page.get_by_role("button", name="Suppress…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found += grave_faults(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    found += grave_faults(page)
    figures["axe_serious"] += len(found)
    assert found == []


@pytest.mark.parametrize("path", PATHS)
def test_a_narrow_screen_needs_no_sideways_scrolling(pages: Pages, path: str) -> None:
    page = ready(pages.open(path, viewport=NARROW), path)
    page.wait_for_timeout(300)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"], page.evaluate(_TOO_WIDE)


def test_a_narrow_screen_shows_an_alert_alone(scene: Scene, pages: Pages) -> None:
    page = ready(pages.open("/alerts", viewport=NARROW), "/alerts")
    page.locator("#cases > li a").first.click()
    expect(page.locator("#detail-title")).to_be_visible()
    expect(page.locator('#detail [data-part="account"] canvas').first).to_be_attached()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"], page.evaluate(_TOO_WIDE)
    page.get_by_role("button", name="Cases").click()
    expect(page.locator("#cases > li").first).to_be_visible()


def focused(page: Page) -> str:
    """What has the focus, by its accessible words."""
    said: str = page.evaluate(
        "() => document.activeElement.ariaLabel ?? document.activeElement.textContent.trim()"
    )
    return said


@pytest.mark.parametrize("path", PATHS)
def test_the_first_key_leads_past_the_navigation(pages: Pages, path: str) -> None:
    page = ready(pages.open(path), path)
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to content"
    expect(page.get_by_text("Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.get_by_role("alert").filter(has_text=re.compile("."))).to_have_count(0)


def test_every_page_is_reached_by_keyboard(pages: Pages) -> None:
    page = ready(pages.open("/"), "/")
    for path, name in (("/alerts", "Alerts"), ("/history", "History"), ("/models", "Models")):
        for _ in range(12):
            page.keyboard.press("Tab")
            if focused(page) == name:
                break
        page.keyboard.press("Enter")
        expect(page).to_have_url(pages.url + path)
        expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name=name)).to_have_attribute(
            "aria-current", "page"
        )


def test_an_alert_is_found_read_and_decided_without_a_mouse(scene: Scene, pages: Pages) -> None:
    page = ready(pages.open("/alerts"), "/alerts")
    page.keyboard.press("?")
    shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shortcuts).to_contain_text("Next and previous case")
    page.keyboard.press("Escape")
    expect(shortcuts).to_be_hidden()

    page.keyboard.press("j")
    page.keyboard.press("j")
    link = page.locator("#cases > li a").nth(1)
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    title = page.locator("#detail-title")
    expect(title).to_be_focused()
    before = len(scene.labels())
    page.keyboard.press("i")
    expect(page.get_by_role("button", name="Inconclusive")).to_be_focused()
    assert len(scene.labels()) == before, "a single key publishes nothing"
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_contain_text("published as a label")
    assert len(scene.labels()) == before + 1
    page.keyboard.press("Escape")
    expect(title).to_have_count(0)
    expect(page.locator("#cases > li a:focus")).to_have_count(1)
    page.keyboard.press("/")
    expect(page.get_by_label("Search account, payment, merchant or place")).to_be_focused()


def test_the_theme_is_chosen_and_remembered(pages: Pages) -> None:
    page = ready(pages.open("/", color_scheme="light"), "/")
    light = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Switch to dark theme").click()
    dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.goto(pages.url + "/models")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == dark
