"""Routes of the models page."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from dashboard.answers import answer
from dashboard.models.page import Models


def models_routes(bundle_dir: Path, report: Path | None) -> Sequence[web.RouteDef]:
    """Return the routes; `bundle_dir` holds the bundle in use, `report` is what a backtest wrote as JSON."""
    models = Models(bundle_dir, report)

    async def view(_: web.Request) -> web.Response:
        return answer(await asyncio.to_thread(models.view))

    return [web.get("/api/models", view)]
