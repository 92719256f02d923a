"""Text from payments is text everywhere: on the pages, in written reports and on terminals."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import Pages
from tests.browser.queue import all_cases, detail
from tests.browser.report import FILE_NAME, Report
from tests.browser.scene import Scene
from tests.browser.traffic import ATTRIBUTE, HOSTILE, IMAGE, REVERSED, SCRIPT, TEMPLATE, TERMINAL
from tests.browser.watching import Watch
from tests.pipeline.process import child_environment
from tests.pipeline.waiting import wait_until

NAMES = {"IMAGE": IMAGE, "SCRIPT": SCRIPT, "ATTRIBUTE": ATTRIBUTE, "TEMPLATE": TEMPLATE}
UNPRINTABLE = {"REVERSED": REVERSED, "TERMINAL": TERMINAL}
"""Ids that hold these are refused; a place may."""
_MADE = "img[src='x'], [onerror], [onmouseover], script:not([src])"
"""What the markup would make if anybody took it for markup."""
_TEXT = """
(text) => {
  const flat = (value) => value.replace(/\\s+/g, " ");
  return flat(document.body.textContent).includes(flat(text));
}
"""


def harmless(page: Page) -> None:
    """Nothing of the markup has come to life."""
    page.mouse.move(700, 400)
    assert page.evaluate("() => window.__xss") is None
    assert page.locator(_MADE).count() == 0


def eventually(page: Page, text: str) -> None:
    """Wait until a page shows a text; what waits inside the page would need its policy to allow eval."""

    def shown() -> bool:
        page.wait_for_timeout(50)
        return bool(page.evaluate(_TEXT, text))

    wait_until(shown, 10, f"the page shows {text!r}")


@pytest.mark.parametrize("text", [*NAMES.values(), *UNPRINTABLE.values()], ids=[*NAMES, *UNPRINTABLE])
def test_a_payments_text_is_text_in_its_case(scene: Scene, pages: Pages, text: str) -> None:
    (case,) = [each for each in all_cases(scene) if text in (each["place"] or "")]
    page = pages.open(f"/alerts?status=all#{case['lead']}")
    expect(page.locator("#detail-title")).to_be_visible()
    expect(page.locator(f'#cases > li[data-id="{case["id"]}"]')).to_be_visible()
    assert page.evaluate(_TEXT, text)
    harmless(page)


def test_history_shows_hostile_channels_as_text(pages: Pages) -> None:
    page = pages.open("/history")
    expect(page.locator("#history-body")).to_be_visible()
    page.get_by_role("button", name="All", exact=True).click()
    for text in HOSTILE:
        eventually(page, text)
    harmless(page)


@pytest.mark.parametrize("text", HOSTILE, ids=[*NAMES, *UNPRINTABLE])
def test_what_an_address_says_is_text(pages: Pages, text: str) -> None:
    page = pages.open("/alerts", forgiven=lambda what: "404" in what or "400" in what)
    page.get_by_label("Search account, payment, merchant or place").fill(text.replace("\r\n", " "))
    expect(page.locator("#queue-empty, #cases > li").first).to_be_visible()
    page.evaluate("(text) => { location.hash = encodeURIComponent(text); }", text)
    expect(page.locator("#detail")).to_be_visible()
    harmless(page)


def test_live_shows_where_payments_come_from_as_text(pages: Pages) -> None:
    page = pages.open("/")
    expect(page.locator("#countries tbody tr").first).to_be_visible()
    harmless(page)


def test_models_shows_the_reports_file_name_as_text(pages: Pages) -> None:
    page = pages.open("/models")
    expect(page.locator("#metrics")).to_contain_text(FILE_NAME)
    harmless(page)


def _opened_file(browser: Browser, file: Path) -> Page:
    context = browser.new_context()
    watch = Watch("file://").follow(context)
    page = context.new_page()
    page.goto(file.as_uri())
    page.wait_for_load_state()
    harmless(page)
    assert watch.console == []
    assert [url for url in watch.requested if not url.startswith(("file:", "data:"))] == []
    return page


def test_the_backtests_report_shows_hostile_names_as_text(browser: Browser, report: Report) -> None:
    page = _opened_file(browser, report.html)
    assert page.evaluate(_TEXT, FILE_NAME)
    assert page.evaluate(_TEXT, IMAGE)
    page.context.close()


@pytest.mark.parametrize("text", [*NAMES.values(), TERMINAL], ids=[*NAMES, "TERMINAL"])
def test_a_written_explanation_shows_hostile_names_as_text(
    scene: Scene, browser: Browser, tmp_path: Path, text: str
) -> None:
    (case,) = [each for each in all_cases(scene) if text in (each["place"] or "")]
    transaction = detail(scene, str(case["lead"]))["assessment"]["transaction_id"]
    done = _command(scene, "explain", "--html", str(tmp_path / "why.html"), "--", transaction)
    assert "\x1b" not in done
    page = _opened_file(browser, tmp_path / "why.html")
    assert page.evaluate(_TEXT, transaction)
    page.context.close()


def test_alerts_on_a_terminal_hold_no_escapes(scene: Scene) -> None:
    said = _command(scene, "alerts", "--from-beginning", "--limit", str(len(scene.alerts())))
    for text in NAMES.values():
        assert text in said
    assert "red" in said
    assert not [mark for mark in "\x1b\x07\r\u202e\u2066" if mark in said]


def _command(scene: Scene, *arguments: str) -> str:
    """Run a command as a process of its own, since the browser's driver has this thread's event loop."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.main", *arguments],
        env=child_environment({**scene.cluster.environment, "COLUMNS": "400"}),
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout.decode()
