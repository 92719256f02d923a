"""Models: the bundle in use, what a backtest says of it, and the slider between alerts and customers."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Pages
from tests.browser.report import FILE_NAME, Report
from tests.browser.scene import Scene

_SAYS = re.compile(
    r"At ([\d.,]+) alerts? a day you catch ([\d.]+)% of fraud value and bother ([\d.,]+) genuine customers? a day"
)


def said(page: Page) -> tuple[float, float, float]:
    """The slider's sentence, as numbers."""
    found = _SAYS.search(page.locator("#trade-says").inner_text())
    assert found is not None, page.locator("#trade-says").inner_text()
    alerts, value, customers = (float(each.replace(",", "")) for each in found.groups())
    return alerts, value, customers


def test_the_slider_tells_what_the_backtest_measured(pages: Pages, report: Report) -> None:
    measured = json.loads(report.json.read_text())["evaluation"]["workloads"]
    assert len(measured) > 3
    page = pages.open("/models")
    slider = page.get_by_role("slider")
    expect(slider).to_be_visible()
    slider.focus()
    slider.press("Home")
    seen = [said(page)]
    for _ in measured[1:]:
        slider.press("ArrowRight")
        seen.append(said(page))
    assert len({each[0] for each in seen}) == len(measured)
    for (alerts, value, customers), one in zip(seen, measured, strict=True):
        assert alerts == pytest.approx(one["alerts_a_day"], rel=0.05, abs=0.06)
        assert value == pytest.approx(100 * one["reach"]["value_detected"], abs=0.06)
        assert customers == pytest.approx(one["genuine_customers_a_day"], rel=0.05, abs=0.06)


def test_the_bundle_in_use_and_its_thresholds_are_shown(scene: Scene, pages: Pages) -> None:
    manifest = scene.cluster.bundle.manifest
    page = pages.open("/models")
    expect(page.locator("#bundle-version")).to_have_text(manifest.version)
    expect(page.locator("#bundle")).to_contain_text(manifest.why)
    for name in manifest.features:
        expect(page.locator("#features").get_by_text(name, exact=True)).to_have_count(1)
    assert page.locator("#threshold-table tbody tr").count() >= 3
    expect(page.locator("#threshold-table")).to_contain_text("critical")


def test_reliability_and_metrics_come_from_the_report(pages: Pages, report: Report) -> None:
    evaluated = json.loads(report.json.read_text())["evaluation"]["evaluated"]
    page = pages.open("/models")
    expect(page.locator("#metrics")).to_contain_text(f"From {report.json.name}, a backtest of {FILE_NAME}")
    expect(page.locator("#metrics")).to_contain_text(f"{evaluated['average_precision']:.3f}")
    reliability = page.locator("#reliability")
    reliability.get_by_text("Show as table").click()
    expect(reliability.locator("tbody tr")).to_have_count(len(evaluated["honesty"]["reliability"]))
