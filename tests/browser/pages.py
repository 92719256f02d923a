"""Pages of one dashboard in contexts of their own, each watched from its first request on."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.chromium import WIDE
from tests.browser.watching import Watch

PATHS = ("/", "/alerts", "/history", "/models")
SECONDS = 15.0


class Pages:
    """Opens pages and knows what they did."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self.url = url
        self._watches: list[Watch] = []
        self._contexts: list[Any] = []

    def open(
        self, path: str, *, forgiven: Callable[[str], bool] = lambda _what: False, script: str = "", **options: Any
    ) -> Page:
        """Open a page as somebody would who comes for the first time; `options` are those of a context.

        `script` runs before the page's own. `forgiven` tells which faults the test provokes.
        """
        context = self._browser.new_context(**{"viewport": WIDE, "locale": "en-GB", **options})
        context.set_default_timeout(SECONDS * 1000)
        self._watches.append(Watch(self.url, forgiven=forgiven).follow(context))
        self._contexts.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.goto(self.url + path)
        return page

    def close(self) -> None:
        """Close everything that was opened."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()

    @property
    def console(self) -> list[str]:
        """Errors of the consoles."""
        return [fault for watch in self._watches for fault in watch.console]

    @property
    def external(self) -> list[str]:
        """Requests to anybody else."""
        return [fault for watch in self._watches for fault in watch.external]

    @property
    def faults(self) -> list[str]:
        """Everything that pages must not do."""
        return [fault for watch in self._watches for fault in watch.faults]

    @property
    def requested(self) -> list[str]:
        """Every URL that was asked for."""
        return [url for watch in self._watches for url in watch.requested]
