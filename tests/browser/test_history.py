"""History: every number on the page is what a question of our own to the same archive answers."""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds
import pytest
from playwright.sync_api import Locator, Page, expect
from pyarrow.fs import S3FileSystem

from tests.browser.pages import Pages
from tests.browser.scene import Scene

ASSESSED = """
CREATE TABLE assessed AS SELECT * EXCLUDE (turn) FROM (
    SELECT *, row_number() OVER (PARTITION BY assessment_id ORDER BY source_offset) AS turn FROM objects
) WHERE turn = 1 AND NOT backfill AND event_time >= $start AND event_time < $end + INTERVAL 1 DAY
"""
RISKY = "risk_level IN ('high', 'critical')"
ALERTED = "alert IN ('new', 'escalation')"


class Archive:
    """The objects in the bucket, asked without any of the product's readers or views."""

    def __init__(self, scene: Scene, start: date, end: date) -> None:
        cluster = scene.cluster
        s3 = S3FileSystem(
            access_key="test",
            secret_key="test",
            region="us-east-1",
            scheme="http",
            endpoint_override=cluster.s3_endpoint.removeprefix("http://"),
        )
        objects = ds.dataset(f"{cluster.name}/assessments", filesystem=s3, format="parquet")
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.register("objects", objects.to_table())
        self._connection.execute(ASSESSED, {"start": start, "end": end})
        labels = {each.transaction_id: each for each in sorted(scene.labels(), key=lambda each: each.observed_at)}
        said = [(each.transaction_id, each.disposition) for each in labels.values()]
        self._connection.execute("CREATE TABLE said (transaction_id VARCHAR, disposition VARCHAR)")
        if said:
            self._connection.executemany("INSERT INTO said VALUES (?, ?)", said)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask."""
        return self._connection.execute(sql).fetchall()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def one(self, sql: str) -> Any:
        """Ask for a single number."""
        ((value,),) = self.rows(sql)
        return value


def figure(page: Page, name: str) -> str:
    """What a tile says."""
    return page.locator(f"#tile-{name} [data-value]").inner_text()


def percent(share: float) -> str:
    """A share as the page writes it."""
    if 0 < abs(share) < 0.01:
        return f"{float(f'{share * 100:.2g}'):g}%"
    return f"{round(share * 100 + 1e-9, 1):g}%"


def numbers(rows: Locator, *columns: int) -> list[tuple[int, ...]]:
    """Some columns of a table's rows, those behind a fold too, as whole numbers."""
    cells = rows.evaluate_all("rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))")
    return [tuple(int(row[column].replace(",", "")) for column in columns) for row in cells]


def shown(page: Page, start: date, end: date) -> None:
    """Wait until the page shows these days."""
    days = f"{start}" if start == end else f"{start} \u2013 {end}"
    expect(page.locator("#history-range")).to_contain_text(days)
    expect(page.locator("#history-body")).to_be_visible()


@pytest.fixture
def held(scene: Scene) -> tuple[date, date]:
    """The days that the archive has."""
    scene.wait_until_done()
    found = scene.dashboard.ask("/api/history").json()["held"]
    return date.fromisoformat(found["start"]), date.fromisoformat(found["end"])


@pytest.mark.parametrize("days", [1, 7, 400])
def test_every_number_is_what_the_archive_holds(
    scene: Scene, pages: Pages, held: tuple[date, date], days: int
) -> None:
    first, last = held
    start = max(first, date.fromordinal(last.toordinal() - days + 1))
    archive = Archive(scene, start, last)
    page = pages.open("/history")
    expect(page.locator("#history-body")).to_be_visible()
    page.locator(f'#presets [data-days="{days}"]').click()
    shown(page, start, last)

    payments = archive.one("SELECT count(*) FROM assessed")
    risky = archive.one(f"SELECT count(*) FROM assessed WHERE {RISKY}")
    assert payments > 20
    assert figure(page, "payments") == f"{payments:,}"
    assert figure(page, "alerts") == f"{archive.one(f'SELECT count(*) FROM assessed WHERE {ALERTED}'):,}"
    assert figure(page, "alert-rate") == percent(risky / payments)
    expect(page.locator("#tile-alert-rate [data-note]")).to_contain_text(f"{risky:,} at high or above")

    decided = f"""
        SELECT count(*) FILTER (WHERE disposition = 'confirmed_fraud'),
            count(*) FILTER (WHERE disposition != 'inconclusive')
        FROM assessed JOIN said USING (transaction_id) WHERE {RISKY}"""
    confirmed, told = archive.rows(decided)[0]
    assert figure(page, "precision") == (percent(confirmed / told) if told else "unknown")
    assert figure(page, "recall-chargebacks") == "unknown"

    levels = dict(archive.rows("SELECT risk_level, count(*) FROM assessed GROUP BY 1"))
    wanted = [(levels.get(level, 0),) for level in ("critical", "high", "medium", "low")]
    assert numbers(page.locator("#levels tbody tr"), 1) == wanted
    by_country = f"""
        SELECT count(*), count(*) FILTER (WHERE {RISKY}), count(*) FILTER (WHERE {ALERTED})
        FROM assessed GROUP BY coalesce(country, ip_country)"""
    assert sorted(numbers(page.locator("#countries tbody tr"), 2, 3, 4)) == sorted(archive.rows(by_country))
    by_channel = by_country.replace("coalesce(country, ip_country)", "channel")
    assert sorted(numbers(page.locator("#channels tbody tr"), 2, 3, 4)) == sorted(archive.rows(by_channel))
    value = archive.rows(
        f"SELECT count(*), sum(amount), max(amount) FROM assessed WHERE {RISKY} AND currency = 'USD'"
    )
    cells = page.locator("#value tbody tr").filter(has_text="USD").locator("td").all_inner_texts()
    assert cells[0] == f"{value[0][0]:,}"
    assert [cell.replace("\u00a0", " ") for cell in cells[1:]] == [f"{each:,.2f} USD" for each in value[0][1:]]


def test_a_download_says_what_the_page_says(pages: Pages, held: tuple[date, date], tmp_path: Path) -> None:
    first, last = held
    page = pages.open(f"/history?start={first}&end={last}", accept_downloads=True)
    shown(page, first, last)
    files: dict[str, list[dict[str, str]]] = {}
    for table in ("figures", "by_country", "by_level", "days"):
        with page.expect_download() as waiting:
            page.locator(f'a[data-table="{table}"]').first.click()
        target = tmp_path / waiting.value.suggested_filename
        assert target.name == f"riskstream-{table}-{first}-{last}.csv"
        waiting.value.save_as(target)
        files[table] = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"), newline="")))

    figures = {row["figure"]: row["value"] for row in files["figures"]}
    assert figure(page, "payments") == f"{int(float(figures['payments'])):,}"
    assert figure(page, "alerts") == f"{int(float(figures['alerts'])):,}"
    assert figure(page, "alert-rate") == percent(float(figures["share_high_or_above"]))
    countries = [(int(row["payments"]), int(row["risky"]), int(row["alerts"])) for row in files["by_country"]]
    assert numbers(page.locator("#countries tbody tr"), 2, 3, 4) == countries
    levels = [(int(row["payments"]),) for row in reversed(files["by_level"])]
    assert numbers(page.locator("#levels tbody tr"), 1) == levels
    assert sum(int(row["payments"]) for row in files["days"]) == int(float(figures["payments"]))
    assert {row["range_start"] for rows in files.values() for row in rows} == {str(first)}


def test_days_that_make_no_sense_are_refused_at_their_field(pages: Pages, held: tuple[date, date]) -> None:
    first, last = held
    page = pages.open("/history")
    expect(page.locator("#history-body")).to_be_visible()
    page.get_by_label("First day (UTC)").fill(str(last))
    page.get_by_label("Last day (UTC)").fill(str(first))
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#range-error")).to_contain_text("after the last")
    expect(page.get_by_label("First day (UTC)")).to_have_attribute("aria-invalid", "true")
