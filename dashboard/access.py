"""Who may ask what: the host that is meant, the token, requests that a foreign page makes, and headers of answers.

On loopback there is no password: whoever is on this machine may look. Elsewhere a token is demanded.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from dashboard.answers import refusal
from dashboard.errors import AccessError, RequestError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": with it, browsers hide the origin of the login form from us.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
COOKIE: Final = "riskstream-session"
SESSION_SECONDS: Final = 12 * 3600
"""An analyst's day."""
MARK: Final = "x-riskstream"
"""A header that a foreign page cannot send without asking us first, which we refuse."""
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_READING: Final = frozenset({"GET", "HEAD"})
_OPEN_PATHS: Final = ("/login", "/static/")
"""What everybody may fetch: nothing there tells of payments."""


class Access:
    """Judges requests for a server that is bound to `host`; `token` is None on loopback only."""

    def __init__(self, host: str, token: str | None, clock: Callable[[], float]) -> None:
        if token is None and not is_loopback(host):
            raise AccessError(
                f"the dashboard shows payments and has no password on {host}: set RISKSTREAM_DASHBOARD_TOKEN (16"
                " characters or more), or keep it on 127.0.0.1 and use a tunnel"
            )
        self._names = LOOPBACK_NAMES | {host.lower()}
        self._key = None if token is None else hashlib.sha256(b"riskstream session\0" + token.encode()).digest()
        self._token = None if token is None else _digest(token)
        self._clock = clock

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what may not be; errors become answers."""
        try:
            self.check(request)
        except RequestError as error:
            wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
            if error.status == web.HTTPUnauthorized.status_code and wants_page:
                raise web.HTTPSeeOther("/login") from None
            return refusal(error)
        return await handler(request)

    def check(self, request: web.Request) -> None:
        """Raise a `RequestError` unless the request may be answered."""
        self._check_host(request)
        if request.method not in _READING:
            self._check_origin(request)
            if request.path != "/login":
                _check_mark(request)
        if not request.path.startswith(_OPEN_PATHS) and not self.knows(request):
            raise RequestError("log in first: open /login, or send Authorization: Bearer <token>", 401)

    def knows(self, request: web.Request) -> bool:
        """Tell whether a request shows the token or a session made with it."""
        if self._token is None:
            return True
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self.accepts(given.strip()):
            return True
        return self._is_session(request.cookies.get(COOKIE, ""))

    def accepts(self, token: str) -> bool:
        """Tell whether this is the token, in a time that says nothing about it."""
        return self._token is None or hmac.compare_digest(_digest(token), self._token)

    def session(self) -> str:
        """Make a session: until when it holds, and a signature that only holders of the token can make."""
        expires = str(int(self._clock()) + SESSION_SECONDS)
        return f"{expires}.{self._sign(expires)}"

    def _is_session(self, value: str) -> bool:
        expires, _, signature = value.partition(".")
        if not (expires.isascii() and expires.isdecimal()):
            return False
        return hmac.compare_digest(signature.encode(), self._sign(expires).encode()) and (
            self._clock() < int(expires)
        )

    def _sign(self, text: str) -> str:
        return "" if self._key is None else hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _check_host(self, request: web.Request) -> None:
        """A foreign name that resolves to this machine (DNS rebinding) is refused where no token protects us."""
        if self._token is None and host_name(request.host) not in self._names:
            raise RequestError(
                "this dashboard answers only to the name of this machine: open it as http://127.0.0.1", 403
            )

    def _check_origin(self, request: web.Request) -> None:
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
            raise RequestError("this request comes from another site: it is refused", 403)


def _check_mark(request: web.Request) -> None:
    if request.headers.get(MARK) != "1":
        raise RequestError(f"a request that changes something needs the header {MARK}: 1", 403)
    if request.content_type != "application/json":
        raise RequestError("send JSON, with content-type: application/json", 400)


def is_encrypted(request: web.Request) -> bool:
    """Tell whether the browser came by TLS, even where a proxy ends it: browsers name the origin of a form."""
    return request.secure or urlsplit(request.headers.get("origin", "")).scheme == "https"


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a host.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("example.org")
    (True, True, False, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """Return the name in a Host header, without its port.

    >>> host_name("127.0.0.1:8080"), host_name("[::1]:8080"), host_name("Localhost")
    ('127.0.0.1', '::1', 'localhost')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Give every answer the headers that keep a browser from doing harm."""
    response.headers.update(HEADERS)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
