"""GET /api/live: the picture of the newest quarter of an hour, as the event `live` brings it every second."""

from aiohttp import web

from dashboard.answers import answer
from dashboard.desk import DESK


async def live(request: web.Request) -> web.Response:
    """Return the picture."""
    return answer(request.app[DESK].snapshot())


ROUTES = (web.get("/api/live", live),)
