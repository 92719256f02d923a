"""The HTTP server: /ping says whether a bundle is loaded, /invocations scores what it is sent.

Scoring has a thread of its own, one request at a time, so that health checks are answered under any load. No body
is ever logged.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web

from detectors.bundle import Bundle
from detectors.errors import RiskstreamError
from serving.sagemaker.formats import choose_type, join_answer, split_body
from serving.sagemaker.model import assess, load_model
from serving.sagemaker.refusals import BodyTooLarge, NotReady, Refusal
from serving.sagemaker.rows import decode_documents

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a good answer."""

    body: bytes
    media_type: str
    rows: int


def answer(body: bytes, content_type: str, accept: str | None, bundle: Bundle, now_ms: int) -> Answer:
    """Score the rows of a body; everything between request and response but HTTP. Raises Refusal."""
    documents = split_body(body, content_type)
    media_type = choose_type(accept, content_type)
    assessments = assess(decode_documents(documents.rows, now_ms), bundle)
    return Answer(join_answer(assessments, media_type, single=documents.single), media_type, len(assessments))


class ScoringServer:
    """The endpoints over one bundle, which is loaded while the server already listens."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._bundle: Bundle | None = None
        self._missing = "the bundle is being loaded"
        self._scorer = ThreadPoolExecutor(1, "scoring")
        self._under_way = 0
        self._ending: asyncio.Event | None = None

    def app(self) -> web.Application:
        """The web application, to be run once."""
        app = web.Application(client_max_size=self._max_bytes, middlewares=[self._count])
        app.router.add_get("/ping", self._ping)
        app.router.add_post("/invocations", self._invoke)
        app.cleanup_ctx.append(self._load)
        return app

    async def drain(self) -> None:
        """Return once every request that has begun to arrive is answered; connections end with their answer."""
        self._ending = asyncio.Event()
        if self._under_way:
            await self._ending.wait()

    @web.middleware
    async def _count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._under_way += 1
        try:
            response = await handler(request)
            if self._ending is not None:
                response.force_close()
            return response
        finally:
            self._under_way -= 1
            if self._ending is not None and not self._under_way:
                # The answer is written after this; closing the server waits for that.
                self._ending.set()

    async def _load(self, app: web.Application) -> AsyncIterator[None]:
        loading = asyncio.create_task(self._load_bundle())
        yield
        await loading
        self._scorer.shutdown(wait=False, cancel_futures=True)

    async def _load_bundle(self) -> None:
        try:
            self._bundle = await asyncio.get_running_loop().run_in_executor(
                self._scorer, load_model, self._directory
            )
        except RiskstreamError as error:
            self._missing = str(error)
            log.error("no bundle to score with", why=str(error))
            return
        except Exception:
            self._missing = "the bundle cannot be used; the log says why"
            log.exception("no bundle to score with")
            return
        log.info("bundle loaded", bundle=self._bundle.version, score_kind=self._bundle.manifest.score_kind)

    async def _ping(self, request: web.Request) -> web.Response:
        if self._bundle is None:
            return _refused(NotReady(self._missing))
        return web.Response()

    async def _invoke(self, request: web.Request) -> web.Response:
        began = time.perf_counter()
        try:
            given = await self._score(request)
        except Refusal as refusal:
            log.warning("invocation refused", status=int(refusal.status), error=str(refusal))
            return _refused(refusal)
        log.info("invocation", rows=given.rows, ms=round((time.perf_counter() - began) * 1000, 3))
        return web.Response(body=given.body, content_type=given.media_type)

    async def _score(self, request: web.Request) -> Answer:
        if self._bundle is None:
            raise NotReady(self._missing)
        body = await self._read(request)
        media_type = request.content_type if "Content-Type" in request.headers else ""
        accept, now_ms = request.headers.get("Accept"), time.time_ns() // 1_000_000
        return await asyncio.get_running_loop().run_in_executor(
            self._scorer, answer, body, media_type, accept, self._bundle, now_ms
        )

    async def _read(self, request: web.Request) -> bytes:
        try:
            if (request.content_length or 0) <= self._max_bytes:
                return await request.read()
        except web.HTTPRequestEntityTooLarge:
            pass
        raise BodyTooLarge(f"the body is larger than {self._max_bytes:,} bytes; send fewer rows at a time")


def _refused(refusal: Refusal) -> web.Response:
    return web.Response(status=refusal.status, body=refusal.body(), content_type="application/json")
