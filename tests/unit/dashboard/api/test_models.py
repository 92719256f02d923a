from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from dashboard.api.models import models_routes
from sinks.bundles import save_bundle
from tests.unit.dashboard.models.reports import written
from tests.unit.detectors.histories import probability_bundle, rarity_bundle


def serving(bundle: Path, report: Path | None) -> TestClient:
    app = web.Application()
    app.add_routes(models_routes(bundle, report))
    return TestClient(TestServer(app))


async def shown(client: TestClient) -> dict[str, Any]:
    response = await client.get("/api/models")
    assert (response.status, response.content_type) == (200, "application/json")
    found: dict[str, Any] = await response.json()
    return found


async def test_bundle_and_report_are_told(tmp_path: Path) -> None:
    save_bundle(probability_bundle(), tmp_path)
    async with serving(tmp_path, written(tmp_path)) as client:
        view = await shown(client)
    assert view["bundle"]["version"] == probability_bundle().version
    assert view["report"]["same_bundle"] is True
    assert (view["bundle_problem"], view["report_problem"]) == (None, None)
    assert view["report"]["workloads"][0]["alerts_a_day"] == 0.25
    assert view["report"]["from"] < view["report"]["to"]


async def test_without_a_report_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    save_bundle(probability_bundle(), tmp_path)
    async with serving(tmp_path, None) as client:
        view = await shown(client)
    assert view["report"] is None
    assert "riskstream backtest FILE --json report.json" in view["report_problem"]
    assert view["bundle"]["operating_points"]


async def test_what_is_missing_or_broken_is_told_and_seen_once_mended(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_bytes(b"{}")
    async with serving(tmp_path, report) as client:
        view = await shown(client)
        assert (view["bundle"], view["report"]) == (None, None)
        assert "riskstream train" in view["bundle_problem"]
        assert "no report of a backtest" in view["report_problem"]
        save_bundle(rarity_bundle(), tmp_path)
        written(tmp_path)
        view = await shown(client)
    assert view["bundle"]["score_kind"] == "rarity"
    assert view["report"]["same_bundle"] is False
