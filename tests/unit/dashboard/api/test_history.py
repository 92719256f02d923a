import csv
import io
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from dashboard.answers import errors_as_json
from dashboard.api.history import history_routes
from detectors.labels import Label
from sinks.archive import open_local_archive
from sinks.bundles import save_bundle
from sinks.errors import ArchiveUnavailableError
from tests.unit.dashboard.history.archives import label, payment, risky, write
from tests.unit.detectors.histories import rarity_bundle

ROWS = [payment(1), payment(2), risky(3)]
MARCH = {"start": "2026-03-01", "end": "2026-03-31"}


class Book:
    def newest(self) -> Sequence[Label]:
        return [label(ROWS[2], "confirmed_fraud")]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[TestClient]:
    async with serving(tmp_path) as client:
        yield client


def serving(folder: Path, bundle: Path | None = None) -> TestClient:
    return asking(lambda: open_local_archive(folder), bundle)


def asking(archive: Any, bundle: Path | None = None) -> TestClient:
    app = web.Application(middlewares=[errors_as_json])
    app.add_routes(history_routes(archive, Book(), bundle))
    return TestClient(TestServer(app))


async def test_the_answer_has_range_figures_and_what_the_archive_holds(client: TestClient, tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    response = await client.get("/api/history")
    assert (response.status, response.content_type) == (200, "application/json")
    found = await response.json()
    assert found["held"] == {"start": "2026-03-14", "end": "2026-03-14"}
    assert found["totals"]["payments"] == 3
    assert found["precision"]["share"] == 1.0
    assert found["alert_rate"]["budget"] is None
    assert len(found["hours"]) == 24


async def test_long_ranges_have_hours_as_a_download_only(client: TestClient, tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    long = {"start": "2026-03-01", "end": "2026-04-01"}
    assert (await (await client.get("/api/history", params=long)).json())["hours"] == []
    response = await client.get("/api/history.csv", params=long | {"table": "by_hour"})
    rows = list(csv.DictReader(io.StringIO(await response.text(), newline="")))
    assert len(rows) == 32 * 24
    assert sum(int(row["payments"]) for row in rows) == 3


async def test_a_download_is_a_file_with_a_name(client: TestClient, tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    response = await client.get("/api/history.csv", params=MARCH | {"table": "days"})
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == (
        'attachment; filename="riskstream-days-2026-03-01-2026-03-31.csv"'
    )


async def test_an_empty_archive_is_told_as_such(client: TestClient) -> None:
    assert await (await client.get("/api/history")).json() == {"held": None}
    response = await client.get("/api/history.csv", params={"table": "days"})
    assert response.status == 404


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/history?start=2026-03-02&end=2026-03-01", "start"),
        ("/api/history?start=2026-03-02", "end"),
        ("/api/history?backfill=maybe", "backfill"),
        ("/api/history.csv?table=secrets", "table"),
        ("/api/history.csv", "table"),
        ("/api/history.csv?table=days&start=2026-03-02&end=never", "end"),
    ],
)
async def test_a_wrong_question_is_400_with_the_field(client: TestClient, path: str, field: str) -> None:
    response = await client.get(path)
    assert response.status == 400
    assert (await response.json())["field"] == field


async def test_an_archive_that_does_not_answer_is_503_with_its_message() -> None:
    def away() -> Any:
        raise ArchiveUnavailableError("S3 does not answer; check its address")

    async with asking(away) as client:
        response = await client.get("/api/history")
        assert response.status == 503
        assert (await response.json())["error"] == "S3 does not answer; check its address"


async def test_the_budget_of_the_bundle_in_use_stands_beside_the_rate(tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    save_bundle(rarity_bundle(), tmp_path / "bundle")
    async with serving(tmp_path, tmp_path / "bundle") as client:
        rate = (await (await client.get("/api/history")).json())["alert_rate"]
    assert rate == {"share": 1 / 3, "budget": 0.005, "budget_version": rarity_bundle().version}
