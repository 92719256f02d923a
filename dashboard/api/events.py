"""GET /api/events: what happens, as it happens; see `dashboard.sse`."""

from aiohttp import web

from dashboard.desk import DESK
from dashboard.sse import stream


async def events(request: web.Request) -> web.StreamResponse:
    """Stream events until the page goes away."""
    return await stream(request, request.app[DESK].hub)


ROUTES = (web.get("/api/events", events, allow_head=False),)
