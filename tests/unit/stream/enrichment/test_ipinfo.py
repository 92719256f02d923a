"""ipinfo.io as the client sees it, played by a local server."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import stamina
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from stream.enrichment.breaker import CircuitBreaker
from stream.enrichment.ipinfo import IpinfoClient
from stream.enrichment.location import Location
from stream.enrichment.resolver import ProviderUnavailable

TOKEN = "s3cret-t0ken"
GOOGLE = {"ip": "8.8.8.8", "country": "US", "city": "Mountain View", "loc": "37.4,-122.1"}
GOOGLE_PLACE = Location("US", "Mountain View", 37.4, -122.1, "ipinfo")

Answer = Callable[[list[str]], web.StreamResponse]


@pytest.fixture(autouse=True)
def _no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


class Service:
    """A local ipinfo.io: gives the next prepared answer, the last one for ever, and notes what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[list[str]] = []
        self.tokens: list[str | None] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.tokens.append(request.headers.get("Authorization"))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(self.asked[-1])

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator[IpinfoClient]:
        app = web.Application()
        app.router.add_post("/batch", self.answer)
        async with TestServer(app, host="127.0.0.1") as server:
            client = IpinfoClient(TOKEN, base_url=str(server.make_url("/")), **options)
            try:
                yield client
            finally:
                await client.close()


def places(known: dict[str, Any]) -> Answer:
    return lambda asked: web.json_response({address: known[address] for address in asked if address in known})


def status(code: int, **options: Any) -> Answer:
    return lambda asked: web.Response(status=code, **options)


async def test_addresses_are_located_in_one_request_with_the_token_in_a_header():
    service = Service(places({"8.8.8.8": GOOGLE}))

    async with service.client() as client:
        assert await client.locate(["8.8.8.8", "9.9.9.9"]) == {"8.8.8.8": GOOGLE_PLACE}

    assert service.asked == [["8.8.8.8", "9.9.9.9"]]
    assert service.tokens == [f"Bearer {TOKEN}"]


async def test_an_entry_that_is_no_record_is_left_out():
    service = Service(places({"8.8.8.8": GOOGLE, "1.1.1.1": "over quota"}))

    async with service.client() as client:
        assert list(await client.locate(["8.8.8.8", "1.1.1.1"])) == ["8.8.8.8"]


async def test_more_than_a_thousand_addresses_go_in_several_requests():
    service = Service(places({}))

    async with service.client() as client:
        await client.locate([f"8.{high}.{low}.1" for high in range(6) for low in range(250)])

    assert [len(asked) for asked in service.asked] == [1000, 500]


async def test_a_passing_failure_is_tried_once_more():
    service = Service(status(503), places({"8.8.8.8": GOOGLE}))

    async with service.client() as client:
        assert await client.locate(["8.8.8.8"]) == {"8.8.8.8": GOOGLE_PLACE}


@pytest.mark.parametrize(
    ("answer", "message", "requests"),
    [
        (status(503), "ipinfo.io answers with status 503", 2),
        (status(401), r"refuses the token \(status 401\): check RISKSTREAM_IPINFO_TOKEN", 1),
        (status(403), r"refuses the token \(status 403\)", 1),
        (status(429), "quota is used up", 1),
        (status(302, headers={"Location": "/elsewhere"}), "unexpected status 302", 1),
        (status(200, body=b"<html>"), "not a JSON object", 1),
        (status(200, body=b"[]"), "not a JSON object", 1),
    ],
)
async def test_any_other_answer_is_an_outage(answer, message, requests):
    service = Service(answer)

    async with service.client() as client:
        with pytest.raises(ProviderUnavailable, match=message):
            await client.locate(["8.8.8.8"])

    assert len(service.asked) == requests


async def test_a_service_that_hangs_is_an_outage():
    app = web.Application()
    released = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await released.wait()
        return web.Response()

    app.router.add_post("/batch", hang)
    async with TestServer(app, host="127.0.0.1") as server:
        client = IpinfoClient(TOKEN, base_url=str(server.make_url("/")), timeout_s=0.02)
        with pytest.raises(ProviderUnavailable, match=r"does not answer \(.*Timeout.*\)"):
            await client.locate(["8.8.8.8"])
        released.set()
        await client.close()


async def test_a_service_that_is_down_is_an_outage(unused_tcp_port):
    client = IpinfoClient(TOKEN, base_url=f"http://127.0.0.1:{unused_tcp_port}")

    with pytest.raises(ProviderUnavailable, match=r"does not answer \(ClientConnectorError\)"):
        await client.locate(["8.8.8.8"])
    await client.close()


async def test_after_several_failures_the_service_is_left_alone_and_then_tried_again():
    now = 0.0
    service = Service(status(429), status(429), places({"8.8.8.8": GOOGLE}))
    breaker = CircuitBreaker(failures=2, rest_s=30, clock=lambda: now)

    async with service.client(breaker=breaker) as client:
        with structlog.testing.capture_logs() as logs:
            for _ in range(4):
                with pytest.raises(ProviderUnavailable):
                    await client.locate(["8.8.8.8"])
            assert len(service.asked) == 2
            now = 30.0
            assert await client.locate(["8.8.8.8"]) == {"8.8.8.8": GOOGLE_PLACE}
            assert await client.locate(["8.8.8.8"]) == {"8.8.8.8": GOOGLE_PLACE}

    assert [entry["event"] for entry in logs] == [
        "geolocation degraded: ipinfo.io is unavailable",
        "geolocation restored: ipinfo.io answers again",
    ]


@pytest.mark.parametrize("answer", [status(500), status(401), status(200, body=b"?")])
async def test_the_token_reaches_no_log_and_no_error(answer, caplog):
    caplog.set_level(logging.DEBUG)
    service = Service(answer)

    with structlog.testing.capture_logs() as logs:
        async with service.client(breaker=CircuitBreaker(failures=1)) as client:
            with pytest.raises(ProviderUnavailable) as caught:
                await client.locate(["8.8.8.8"])

    told = "".join(traceback.format_exception(caught.value)) + str(logs) + caplog.text + repr(client)
    assert service.tokens
    assert TOKEN not in told


async def test_the_token_is_not_told_when_the_connection_fails(unused_tcp_port, caplog):
    caplog.set_level(logging.DEBUG)
    client = IpinfoClient(TOKEN, base_url=f"http://127.0.0.1:{unused_tcp_port}")

    with structlog.testing.capture_logs() as logs, pytest.raises(ProviderUnavailable) as caught:
        await client.locate(["8.8.8.8"])
    await client.close()

    assert TOKEN not in "".join(traceback.format_exception(caught.value)) + str(logs) + caplog.text
