"""Runs the server as a process: listens, and on SIGTERM answers what has begun to arrive before it ends.

aiohttp's own `run_app` drops the rest of a body that is still arriving when the signal comes.
"""

import asyncio
import signal
from contextlib import suppress
from typing import Final

import structlog
from aiohttp import web

from serving.errors import ServingError
from serving.sagemaker.server import ScoringServer

DRAIN_SECONDS: Final = 20.0
"""For requests under way when SIGTERM comes; SageMaker kills 30 s after it."""
CLOSE_SECONDS: Final = 5.0
"""For answers to be written."""

log = structlog.get_logger(__name__)


class CannotListen(ServingError):
    """The address is not to be had."""


def run_server(server: ScoringServer, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was begun and return. Raises CannotListen."""
    asyncio.run(_run(server, host, port))


async def _run(server: ScoringServer, host: str, port: int) -> None:
    ended = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, ended.set)
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=CLOSE_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await _listen(site, host, port)
        # Port 0 has become the one that was free.
        log.info("serving", addresses=[f"http://{name}:{number}" for name, number, *_ in runner.addresses])
        await ended.wait()
        await site.stop()
        with suppress(TimeoutError):
            await asyncio.wait_for(server.drain(), DRAIN_SECONDS)
    finally:
        await runner.cleanup()
    log.info("ended")


async def _listen(site: web.TCPSite, host: str, port: int) -> None:
    try:
        await site.start()
    except OSError as error:
        raise CannotListen(f"{host}:{port} cannot be listened on ({error.strerror}): choose another") from error
