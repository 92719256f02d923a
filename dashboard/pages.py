"""The pages themselves: a shell and a fragment, put together from files. Nothing that is data is put in."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aiohttp import web

from dashboard.access import COOKIE, SESSION_SECONDS, Access, Handler, is_encrypted
from dashboard.errors import DashboardError

HERE: Final = Path(__file__).parent
PAGES: Final = {"/": ("live", "Live"), "/alerts": ("alerts", "Alerts"), "/history": ("history", "History")} | {
    "/models": ("models", "Models")
}
"""Paths, with the name of the page's fragment and its title."""
TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
"""What is served below /static/, by the end of the name; other files (licences) are plain text."""


def page_routes(access: Access) -> Sequence[web.RouteDef]:
    """Return the routes of pages, of their files and of the login."""

    async def login(request: web.Request) -> web.Response:
        if request.method == "POST" and access.accepts(str((await request.post()).get("token", ""))):
            response = web.Response(status=303, headers={"Location": "/"})
            response.set_cookie(
                COOKIE,
                access.session(),
                max_age=SESSION_SECONDS,
                httponly=True,
                samesite="Strict",
                secure=is_encrypted(request),
                path="/",
            )
            return response
        if request.method == "POST":
            return _html(_read("login.html").replace("{{said}}", "This is not the token."), status=401)
        return _html(_read("login.html").replace("{{said}}", ""))

    routes = [web.get(path, _handler(name, title)) for path, (name, title) in PAGES.items()]
    routes += [web.get("/login", login), web.post("/login", login)]
    return [*routes, web.get("/static/{path:.+}", static_file)]


async def static_file(request: web.Request) -> web.StreamResponse:
    """Return a file of the page; names that lead out of their directory are not found."""
    root = HERE / "static"
    try:
        path = (root / request.match_info["path"]).resolve()
        found = path.is_relative_to(root.resolve()) and path.is_file()
    except (OSError, ValueError):
        found = False
    if not found:
        raise web.HTTPNotFound
    kind = TYPES.get(path.suffix, "text/plain")
    # Asked for again each time, by its date: an update is seen at once.
    return web.FileResponse(path, headers={"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-cache"})


def _handler(name: str, title: str) -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        return _page(name, title)

    return handler


def _page(name: str, title: str) -> web.Response:
    text = _read("shell.html").replace("{{title}}", html.escape(title)).replace("{{name}}", html.escape(name))
    return _html(text.replace("{{content}}", _read(f"{name}.html")))


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status)


def _read(name: str) -> str:
    try:
        return (HERE / "pages" / name).read_text(encoding="utf-8")
    except OSError as error:
        raise DashboardError(f"the page's file {name} cannot be read ({error.strerror}): install anew") from error
