"""The one place where the dashboard is wired: settings become an application, its feeds and its life."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from aiohttp import web

from dashboard.access import Access, add_headers
from dashboard.answers import LARGEST_BODY, errors_as_json
from dashboard.api import alerts, events, live, suppressions
from dashboard.api.history import history_routes
from dashboard.api.models import models_routes
from dashboard.desk import DESK, Desk
from dashboard.errors import DashboardError, ListenError
from dashboard.feeds.beginnings import Beginnings
from dashboard.feeds.bundle import BundleWatch
from dashboard.feeds.follower import Follower
from dashboard.feeds.watch import ClusterWatch, stages_of
from dashboard.history.accounts import ArchivedPayments
from dashboard.pages import page_routes
from dashboard.publishing import KafkaPublishing
from dashboard.sse import Hub
from dashboard.state.board import Board, News
from dashboard.ticking import show_pictures, tell_changes
from sinks.archive import archive_opener
from stream.settings import Settings

log = structlog.get_logger(__name__)

STOP_SECONDS = 3.0


def build_app(desk: Desk, access: Access, more: Sequence[web.RouteDef] = ()) -> web.Application:
    """Wire the web application; `more` are routes of other rooms. Nothing is started."""
    app = web.Application(middlewares=[access.middleware, errors_as_json], client_max_size=LARGEST_BODY)
    app[DESK] = desk
    app.on_response_prepare.append(add_headers)
    for routes in (live.ROUTES, events.ROUTES, alerts.ROUTES, suppressions.ROUTES, page_routes(access), more):
        app.add_routes(routes)

    async def let_go(_app: web.Application) -> None:
        desk.hub.close()

    app.on_shutdown.append(let_go)
    return app


async def serve(settings: Settings, on_address: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `on_address` is told the address once it is open.

    Raises:
        AccessError: strangers could look.
        ListenError: the address is taken or not ours.
        DashboardError: following the topics failed.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with running(settings) as (address, failed):
        on_address(address)
        waits = [asyncio.create_task(stopping.wait()), asyncio.create_task(failed.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
        if failed.is_set():
            raise DashboardError("following the topics failed: the log says why; start the dashboard anew")


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Run a dashboard inside the block; gives its address, and an event that is set if it fails."""
    desk, follower, watch = _wire(settings)
    access = _access(settings, desk)
    app = build_app(desk, access, _routes(settings, desk))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    tasks: list[asyncio.Task[None]] = []
    try:
        address = await _listen(runner, settings)
        follower.start()
        watch.start()
        tasks += [asyncio.create_task(show_pictures(desk)), asyncio.create_task(tell_changes(desk))]
        for task in tasks:
            task.add_done_callback(lambda done: None if done.cancelled() else follower.failed.set())
        yield address, follower.failed
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await follower.stop()
        await runner.cleanup()
        await asyncio.to_thread(watch.stop)


def _wire(settings: Settings) -> tuple[Desk, Follower, ClusterWatch]:
    client = settings.kafka_client()
    board = Board(settings.dashboard_review_share)

    async def deliver(news: News) -> None:
        board.fold(news, time.time())

    watch = ClusterWatch(client, settings.app_id, stages_of(settings))
    follower = Follower(client, settings.app_id, Beginnings(settings.dashboard_review_hours), deliver)
    desk = Desk(
        board=board,
        hub=Hub(),
        bundle=BundleWatch(settings.bundle),
        publishing=KafkaPublishing(client),
        sight=lambda: watch.sight,
        archive=ArchivedPayments(_archive_opener(settings)),
        caught_up=follower.caught_up.is_set,
    )
    return desk, follower, watch


def _routes(settings: Settings, desk: Desk) -> list[web.RouteDef]:
    """Routes of the pages that look back."""
    history = history_routes(_archive_opener(settings), desk.board.labels, settings.bundle)
    return [*history, *models_routes(settings.bundle, settings.dashboard_report)]


def _archive_opener(settings: Settings) -> Callable[[], Any]:
    return archive_opener(settings.s3_bucket, settings.s3_prefix, settings.s3_endpoint)


def _access(settings: Settings, desk: Desk) -> Access:
    token = settings.dashboard_token
    return Access(settings.dashboard_host, None if token is None else token.get_secret_value(), desk.clock)


async def _listen(runner: web.AppRunner, settings: Settings) -> str:
    host, port = settings.dashboard_host, settings.dashboard_port
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise ListenError(
            f"{host}:{port} cannot be listened on ({error.strerror}): another program may use it; choose another"
            " one with --port or RISKSTREAM_DASHBOARD_PORT (0 chooses a free one)"
        ) from error
    name, chosen = runner.addresses[0][:2]
    shown = f"[{name}]" if ":" in name else name
    return f"http://{shown}:{chosen}"
