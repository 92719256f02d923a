"""The HTTP server in this process: what each status means."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from detectors.bundle import ARRAYS_FILE
from serving.sagemaker.server import ScoringServer
from sinks.bundles import save_bundle
from tests.unit.detectors.histories import rarity_bundle

PAID = b'{"transaction_id": "t1", "account_id": "a1", "merchant_id": "m1", "event_time": "2026-11-01T03:10:00Z", \
"amount": 950}'
JSON = {"Content-Type": "application/json; charset=utf-8"}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save_bundle(rarity_bundle(), tmp_path / "model")
    return tmp_path / "model"


async def settled(client: TestClient) -> ClientResponse:
    """The first answer to /ping that does not say "wait"."""
    while True:
        response = await client.get("/ping")
        if response.status == 200 or "being loaded" not in await response.text():
            return response


@pytest.fixture
async def client(model: Path) -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(ScoringServer(model, 4096).app())) as running:
        assert (await settled(running)).status == 200
        yield running


async def test_a_payment_is_assessed(client: TestClient) -> None:
    response = await client.post("/invocations", data=PAID, headers=JSON)

    assert (response.status, response.content_type) == (200, "application/json")
    assert (await response.json())["maturity"] == "new"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", JSON, 400),
        (b"{}", JSON, 400),
        (PAID, {"Content-Type": "text/plain"}, 415),
        (PAID, {**JSON, "Accept": "image/png"}, 406),
        (PAID + b" " * 5000, JSON, 413),
    ],
)
async def test_what_is_refused_is_refused_in_json(
    client: TestClient, body: bytes, headers: dict[str, str], status: int
) -> None:
    response = await client.post("/invocations", data=body, headers=headers)

    assert (response.status, response.content_type) == (status, "application/json")
    assert (await response.json())["error"]


async def test_a_body_of_unknown_length_is_held_to_the_limit(client: TestClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * 1000

    response = await client.post("/invocations", data=endless(), headers=JSON)

    assert response.status == 413


async def test_a_body_without_a_type_is_refused(client: TestClient) -> None:
    response = await client.post("/invocations", data=PAID, skip_auto_headers=["Content-Type"])

    assert response.status == 415
    assert "Content-Type is missing" in (await response.json())["error"]


async def test_other_paths_and_methods_are_not_there(client: TestClient) -> None:
    assert (await client.get("/invocations")).status == 405
    assert (await client.get("/")).status == 404


async def test_a_bundle_that_is_broken_is_said_on_ping(model: Path) -> None:
    (model / ARRAYS_FILE).write_bytes(b"x")
    async with TestClient(TestServer(ScoringServer(model, 4096).app())) as client:
        response = await settled(client)

        assert response.status == 503
        assert "it is damaged" in (await response.json())["error"]
        assert (await client.post("/invocations", data=PAID, headers=JSON)).status == 503


async def test_a_bundle_may_lie_in_the_directory_that_the_archive_brought(model: Path) -> None:
    async with TestClient(TestServer(ScoringServer(model.parent, 4096).app())) as client:
        assert (await settled(client)).status == 200


async def test_of_two_bundles_none_is_chosen(model: Path) -> None:
    save_bundle(rarity_bundle(), model.parent / "other")
    async with TestClient(TestServer(ScoringServer(model.parent, 4096).app())) as client:
        response = await settled(client)

        assert response.status == 503
        assert "holds 2 bundles" in (await response.json())["error"]
