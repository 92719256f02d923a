"""The system's Chromium, driven from outside; it reaches nothing but this machine. It knows nothing of pytest."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDE = {"width": 1440, "height": 900}
_OPTIONS = (
    "--no-sandbox",  # as root, in a container, it has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def executable() -> str | None:
    """Where the browser is, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def missing_tools() -> str | None:
    """Say what this machine lacks, or None if it lacks nothing."""
    return None if executable() else "Chromium is not installed"


@contextmanager
def running_chromium(*options: str) -> Iterator[Browser]:
    """Run it for one `with` block, in which this thread may run no event loop of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=[*_OPTIONS, *options])
        try:
            yield browser
        finally:
            browser.close()
