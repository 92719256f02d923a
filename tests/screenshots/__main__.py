"""`make screenshots`: runs the demo and photographs each view of its dashboard, in both themes, for the README."""

import argparse
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import typer
from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.browser.chromium import running_chromium
from tests.kafka_broker import dying_with_parent, free_ports
from tests.pipeline.process import ROOT, child_environment
from tests.pipeline.waiting import wait_until

IMAGES: Final = ROOT / "docs" / "images"
SIZE: Final = {"width": 1440, "height": 1180}
THEMES: Final = ("light", "dark")
START_SECONDS: Final = 240.0
LIVE_SHARE: Final = 1.0
"""How much of the live payments has been played when the live page is photographed."""
SUMMED_UP: Final = "Staying up until Ctrl-C."
_ADDRESS = re.compile(r"dashboard at (http://127\.0\.0\.1:\d+)/")


class Demo:
    """`riskstream demo --keep` as a process."""

    def __init__(self, directory: Path) -> None:
        self._log = directory / "demo.log"
        (port,) = free_ports(1)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*dying_with_parent(), sys.executable, "-m", "scripts.main", "demo", "--keep"],
                env=child_environment({"RISKSTREAM_DASHBOARD_PORT": str(port)}),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def url(self) -> str | None:
        """Where its dashboard is; None before it says so."""
        found = _ADDRESS.search(self.said)
        return None if found is None else found[1]

    @property
    def said(self) -> str:
        """Everything it printed so far."""
        assert self._process.poll() is None, "the demo ended by itself"
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        """End it, and everything that it started."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)


def main() -> int:
    """Run the demo, take the pictures, say how large they are."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("--into", type=Path, default=IMAGES, help="directory; default: docs/images")
    into = parser.parse_args().into
    if (lack := chromium.missing_tools()) is not None:
        sys.exit(f"error: {lack}")
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as scratch:
        demo = Demo(Path(scratch))
        try:
            wait_until(lambda: demo.url is not None, START_SECONDS, "the demo has a dashboard")
            with running_chromium() as browser:
                _take_all(demo, browser, into)
        finally:
            demo.stop()
    pictures = [
        into / f"{name}-{theme}.png" for name in ("live", *(view[0] for view in VIEWS)) for theme in THEMES
    ]
    for picture in pictures:
        typer.echo(f"{picture.stat().st_size / 1024:6.0f} KiB  {picture.name}")
    typer.echo(f"{sum(picture.stat().st_size for picture in pictures) / 1024:6.0f} KiB in all")
    return 0


def _take_all(demo: Demo, browser: Browser, into: Path) -> None:
    url = demo.url
    assert url is not None
    live = {theme: _open(browser, url + "/", theme) for theme in THEMES}
    any_page = live["light"]
    wait_until(lambda: _played(any_page) > LIVE_SHARE, START_SECONDS, "payments come in live")
    for theme, page in live.items():
        _take(page, into / f"live-{theme}.png")
        page.context.close()
    wait_until(lambda: SUMMED_UP in demo.said, START_SECONDS, "the demo has summed up")
    for name, path, prepare in VIEWS:
        for theme in THEMES:
            page = _open(browser, url + path, theme)
            prepare(page)
            _take(page, into / f"{name}-{theme}.png")
            page.context.close()


def _open(browser: Browser, url: str, theme: str) -> Page:
    page = browser.new_context(viewport=SIZE, color_scheme=theme, locale="en-GB").new_page()
    page.goto(url)
    return page


def _played(page: Page) -> float:
    """The share of the live payments that the dashboard has seen; the demo has some 10,000."""
    page.wait_for_timeout(500)
    answer = page.request.get(page.url + "api/live").json()
    return float(answer["payments"]["window"]) / 10_000


def _take(page: Page, target: Path) -> None:
    """Photograph what is on the screen, once charts stand still and no pointer is over them."""
    page.mouse.move(0, 0)
    page.wait_for_load_state("load")
    time.sleep(1.5)
    page.screenshot(path=target, animations="disabled")


def _alerts(page: Page) -> None:
    """Open the riskiest case that LIME has explained, with more than one alert if there is one."""
    rows = page.locator("#cases > li")
    rows.first.wait_for()
    several = rows.filter(has_text="escalation")
    (several if several.count() else rows).first.locator("a").click()
    page.locator('#detail [data-part="lime"] canvas').first.wait_for()
    page.locator("#detail-title").evaluate("(title) => title.blur()")


def _history(page: Page) -> None:
    page.locator("#history-body").wait_for()
    page.locator('#presets [data-days="30"]').click()
    page.locator('#presets [data-days="30"][aria-pressed="true"]').wait_for()
    page.locator("h1").click()


def _models(page: Page) -> None:
    page.locator("#trade-says").wait_for()


VIEWS: Final[tuple[tuple[str, str, Callable[[Page], None]], ...]] = (
    ("alerts", "/alerts", _alerts),
    ("history", "/history", _history),
    ("models", "/models", _models),
)
"""Name of the picture, path, and what is done before it is taken."""

if __name__ == "__main__":
    sys.exit(main())
