"""The application in this process, on a free loopback port, around a desk that a test fills."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp.test_utils import TestClient, TestServer

from dashboard.access import Access
from dashboard.desk import Desk
from dashboard.server import build_app

Open = Callable[..., Awaitable[TestClient]]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Give a function that serves a desk and returns a client of it."""
    clients: list[TestClient] = []

    async def open_(desk: Desk, host: str = "127.0.0.1", token: str | None = None) -> TestClient:
        client = TestClient(TestServer(build_app(desk, Access(host, token, desk.clock))))
        clients.append(client)
        await client.start_server()
        return client

    yield open_
    for client in clients:
        await client.close()
