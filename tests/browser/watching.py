"""Keeps an eye on what a page does behind its face: what it asks for, what fails, and what its console says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

_OWN_SCHEMES = ("data", "blob", "about")
LEFT = "net::ERR_ABORTED"
"""What Chromium calls a request whose page went on to something else."""


@dataclass
class Watch:
    """Everything that a browsing context did since it was opened."""

    origin: str
    console: list[str] = field(default_factory=list)
    """Errors of the console (breaches of the content security policy are among them) and uncaught exceptions."""
    failed: list[str] = field(default_factory=list)
    external: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)
    forgiven: Callable[[str], bool] = lambda _what: False
    """Which faults a test provokes."""

    def follow(self, context: BrowserContext) -> "Watch":
        """Watch all pages of a context."""
        context.on("console", self._said)
        context.on("weberror", self._raised)
        context.on("request", self._asked)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)
        return self

    @property
    def faults(self) -> list[str]:
        """All that a page must not do."""
        return [*self.console, *self.failed, *self.external]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(self.console, f"console: {message.text} at {message.location.get('url')}")

    def _raised(self, error: WebError) -> None:
        self._note(self.console, f"exception: {error.error}")

    def _asked(self, request: Request) -> None:
        self.requested.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme not in _OWN_SCHEMES and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self._note(self.external, f"request elsewhere: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT:
            self._note(self.failed, f"failed: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._note(self.failed, f"answered {response.status}: {response.request.method} {response.url}")

    def _note(self, where: list[str], what: str) -> None:
        if not self.forgiven(what):
            where.append(what)
