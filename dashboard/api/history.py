"""Routes of the history page: checks what is asked for, and writes answers as JSON or CSV."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web

from dashboard.answers import answer
from dashboard.errors import RequestError
from dashboard.history.answer import Answer
from dashboard.history.days import read_asked
from dashboard.history.desk import BUSY, HistoryDesk
from dashboard.history.labels import Labels
from dashboard.history.opening import KeptOpen
from dashboard.history.tables import file_name, require_table, to_csv
from dashboard.models.bundle import watched_manifest
from detectors.bundle import Manifest
from sinks.errors import ArchiveError

MOST_DAYS_BY_HOUR: Final = 31
"""Longer ranges come without `hours`; as a download they are there."""
OPEN_SECONDS: Final = 5.0
"""How old the list of the archive's objects may be."""


def history_routes(
    archive: Callable[[], Any], labels: Labels, bundle_dir: Path | None = None
) -> Sequence[web.RouteDef]:
    """Return the routes; `archive` opens the Arrow data set, and `bundle_dir` holds the bundle in use.

    Both are looked at in threads. Without `bundle_dir` no alert budget is told.
    """
    routes = _Routes(HistoryDesk(KeptOpen(archive, OPEN_SECONDS), labels, _manifest_of(bundle_dir)))
    return [web.get("/api/history", routes.answer), web.get("/api/history.csv", routes.download)]


class _Routes:
    def __init__(self, desk: HistoryDesk) -> None:
        self._desk = desk

    async def answer(self, request: web.Request) -> web.Response:
        """Everything about the days asked for; only `held: null` while the archive is empty."""
        found = await self._ask(request)
        return answer({"held": None} if found is None else _trimmed(found))

    async def download(self, request: web.Request) -> web.Response:
        """One table of the same answer."""
        table = require_table(request.query.get("table"))
        found = await self._ask(request)
        if found is None:
            raise RequestError("the archive is still empty: there is nothing to download", 404)
        name = file_name(found, table)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=to_csv(found, table), content_type="text/csv", charset="utf-8", headers=headers)

    async def _ask(self, request: web.Request) -> Answer | None:
        try:
            return await self._desk.answer(read_asked(request.query))
        except ArchiveError as error:
            raise RequestError(str(error), BUSY) from error


def _trimmed(answer: Answer) -> Answer:
    return answer if answer.range.days <= MOST_DAYS_BY_HOUR else msgspec.structs.replace(answer, hours=())


def _manifest_of(bundle_dir: Path | None) -> Callable[[], Manifest | None]:
    if bundle_dir is None:
        return lambda: None
    watched = watched_manifest(bundle_dir)
    return lambda: watched.found().value
