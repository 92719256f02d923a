"""Liveness, readiness and metrics over HTTP, on loopback unless told otherwise."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Probe = Callable[[], str | None]
"""Returns None when all is well, else what is missing."""


class HealthServer:
    """Serves /live, /ready and /metrics."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry, alive: Probe, ready: Probe) -> None:
        self._host = host
        self._port = port
        self._registry = registry
        self._probes = {"/live": alive, "/ready": ready}
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Start listening and return the address, with the port chosen when it was 0."""
        app = web.Application()
        for path in self._probes:
            app.router.add_get(path, self._probe)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _probe(self, request: web.Request) -> web.Response:
        problem = self._probes[request.path]()
        return web.Response(text=f"{problem or 'ok'}\n", status=200 if problem is None else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
