"""Modules that know nothing of the page they run in: the queue's order, gathered calls, tables, formats."""

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.pages import Pages
from tests.browser.queue import all_cases
from tests.browser.scene import Scene

SEED = 5
PAGE = 100
"""Cases that one page of the queue holds."""
EVERY_MS = 100
"""How often a gathered callback may run."""
NONE = "\u2013"
_SORT = """
async ([cases, sort]) => {
  const { order } = await import("/static/alerts/page.js");
  return cases.sort(order(sort));
}
"""
_SETTLE = """
async ({ shown, fresh, open, unwanted = [], live = true }) => {
  const { Page } = await import("/static/alerts/page.js");
  const page = new Page(shown, { sort: "risk", wants: ({ id }) => !unwanted.includes(id), live });
  for (const one of fresh) page.take(one);
  page.settle(open);
  return { ids: page.ids, dropped: page.dropped, waiting: [...page.fresh.keys()] };
}
"""
_GATHER = """
async (every) => {
  const { gathered } = await import("/static/lib/frames.js");
  let latest = -1;
  window.__runs = [];
  const callback = gathered(every, () => window.__runs.push({ at: performance.now(), latest }));
  window.__call = (number) => {
    latest = number;
    callback();
  };
}
"""
_TABLE = """
async (told) => {
  const { table } = await import("/static/lib/table.js");
  const kind = (cell) => [cell.tagName, cell.getAttribute("scope")].filter(Boolean).join(" ").toLowerCase();
  return [...table(told).rows].map((row) => [...row.cells].map(kind));
}
"""
_FORMAT = """
async ([name, lists]) => {
  const formats = await import("/static/lib/format.js");
  return lists.map((given) => formats[name](...given));
}
"""


@pytest.fixture(scope="module")
def module_page(scene: Scene, browser: Browser) -> Iterator[Page]:
    """A page of the dashboard, for the sake of its modules: they are imported as its own policy lets them be."""
    pages = Pages(browser, scene.url)
    yield pages.open("/models")
    pages.close()
    assert pages.faults == []


def ids(some: list[dict[str, Any]]) -> list[str]:
    """Of cases."""
    return [case["id"] for case in some]


@pytest.mark.parametrize("sort", ["risk", "newest"])
def test_the_page_sorts_cases_as_the_server_does(scene: Scene, module_page: Page, sort: str) -> None:
    listed = all_cases(scene, sort=sort)
    shuffled = random.Random(SEED).sample(listed, len(listed))
    found = module_page.evaluate(_SORT, [shuffled, sort])
    assert len(listed) > 20
    assert ids(found) == ids(listed) != ids(shuffled)


def cases(count: int, *, best: float) -> list[dict[str, Any]]:
    """Cases as far as a list looks at them, each a little less risky than the one before."""
    scores = [best - number / 10 for number in range(count)]
    return [
        {"id": f"case-{score:.1f}", "level": "high", "score": score, "arrived": "2026-01-01T00:00:00.000Z"}
        for score in scores
    ]


def settled(page: Page, **given: Any) -> dict[str, Any]:
    """What a page of the queue holds after it settled."""
    found: dict[str, Any] = page.evaluate(_SETTLE, given)
    return found


def test_a_full_page_makes_room_for_better_cases(module_page: Page) -> None:
    shown, fresh = cases(PAGE, best=80), cases(30, best=90)
    found = settled(module_page, shown=shown, fresh=fresh, open=None)
    assert found["ids"] == ids(fresh) + ids(shown)[:-30]


def test_a_page_counts_the_cases_that_it_cuts_off(module_page: Page) -> None:
    found = settled(module_page, shown=cases(PAGE, best=80), fresh=cases(30, best=90), open=None)
    assert found["dropped"] == 30


def test_the_open_case_stays_however_many_better_ones_come(module_page: Page) -> None:
    shown, fresh = cases(PAGE, best=80), cases(30, best=90)
    (open_id,) = ids(shown[-1:])
    found = settled(module_page, shown=shown, fresh=fresh, open=open_id)
    assert found["ids"] == [*ids(fresh), *ids(shown)[:-30], open_id]


def test_an_open_case_beyond_the_page_is_not_counted_as_cut_off(module_page: Page) -> None:
    shown = cases(PAGE, best=80)
    found = settled(module_page, shown=shown, fresh=cases(30, best=90), open=shown[-1]["id"])
    assert found["dropped"] == 29


def test_the_open_case_stays_when_it_is_wanted_no_more(module_page: Page) -> None:
    shown = cases(4, best=80)
    found = settled(module_page, shown=shown, fresh=[], open=shown[1]["id"], unwanted=ids(shown[1:3]))
    assert found["ids"] == ids([shown[0], shown[1], shown[3]])


def test_a_case_that_is_wanted_no_more_is_not_counted_as_cut_off(module_page: Page) -> None:
    shown = cases(4, best=80)
    assert settled(module_page, shown=shown, fresh=[], open=None, unwanted=ids(shown[1:3]))["dropped"] == 0


def test_new_cases_wait_on_a_page_that_is_not_the_first(module_page: Page) -> None:
    shown, fresh = cases(4, best=80), cases(2, best=90)
    found = settled(module_page, shown=shown, fresh=fresh, open=None, live=False)
    assert (found["ids"], found["waiting"]) == (ids(shown), ids(fresh))


@pytest.fixture
def runs(pages: Pages) -> list[dict[str, float]]:
    """When a gathered callback ran, and the newest call it knew of: 60 calls, now in bursts, now far apart."""
    page = pages.open("/models")
    page.clock.install(time=0)
    page.clock.pause_at(10)
    page.evaluate(_GATHER, EVERY_MS)
    gaps = random.Random(SEED)
    for number in range(60):
        page.evaluate("(number) => window.__call(number)", number)
        page.clock.run_for(gaps.choice((0, 1, 20, 99, 100, 101, 350)))
    page.evaluate("() => window.__call(60)")
    page.clock.run_for(EVERY_MS)
    found: list[dict[str, float]] = page.evaluate("() => window.__runs")
    return found


def test_gathered_calls_never_lose_the_last(runs: list[dict[str, float]]) -> None:
    assert runs[-1]["latest"] == 60


def test_gathered_calls_run_at_most_every_so_often(runs: list[dict[str, float]]) -> None:
    assert 10 < len(runs) < 60
    assert min(late["at"] - early["at"] for early, late in pairwise(runs)) >= EVERY_MS


def test_gathered_calls_run_once_for_what_came_before(runs: list[dict[str, float]]) -> None:
    assert all(early["latest"] < late["latest"] for early, late in pairwise(runs))


def test_each_row_of_a_table_begins_with_its_header(module_page: Page) -> None:
    _, *rows = module_page.evaluate(_TABLE, {"head": ["Level", "Payments"], "rows": [["high", 3], ["low", 9]]})
    assert rows == [["th row", "td"], ["th row", "td"]]


def test_a_column_without_a_heading_has_no_empty_header(module_page: Page) -> None:
    head, *_ = module_page.evaluate(_TABLE, {"head": ["Level", {"kind": "bars"}, ""], "rows": []})
    assert head == ["th col", "td", "td"]


def written(page: Page, name: str, *lists: Sequence[Any]) -> list[str]:
    """What a format makes of each list of arguments."""
    found: list[str] = page.evaluate(_FORMAT, [name, list(lists)])
    return [text.replace("\u202f", " ").replace("\u00a0", " ") for text in found]


@pytest.mark.parametrize(
    "name", ["number", "compact", "percent", "money", "score", "milliseconds", "duration", "oneIn"]
)
def test_what_is_no_number_is_written_as_missing(module_page: Page, name: str) -> None:
    nothing = [None, float("nan"), float("inf"), float("-inf")]
    assert set(written(module_page, name, [], *([each] for each in nothing))) == {NONE}


@pytest.mark.parametrize("name", ["time", "date", "dateTime", "ago"])
def test_what_is_no_time_is_written_as_missing(module_page: Page, name: str) -> None:
    assert set(written(module_page, name, [], [None], [""], ["yesterday"])) == {NONE}


@pytest.mark.parametrize(
    ("name", "zero"),
    [
        ("number", "0"),
        ("compact", "0"),
        ("percent", "0%"),
        ("money", "0.00"),
        ("score", "0.0"),
        ("milliseconds", "0.0 ms"),
        ("duration", "0 s"),
        ("oneIn", "fewer than 1 in 1,000,000 payments"),
    ],
)
def test_nothing_at_all_is_a_figure(module_page: Page, name: str, zero: str) -> None:
    assert written(module_page, name, [0]) == [zero]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("number", -1234.4, "-1,234"),
        ("number", -0.125, "-0.13"),
        ("percent", -0.004, "-0.4%"),
        ("percent", -0.25, "-25%"),
        ("money", -12.5, "-12.50"),
    ],
)
def test_a_negative_figure_keeps_its_sign(module_page: Page, name: str, value: float, text: str) -> None:
    assert written(module_page, name, [value]) == [text]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.00000123, "0.00012%"),
        (0.000456, "0.046%"),
        (0.00999, "1%"),
        (0.01, "1%"),
        (0.12345, "12.3%"),
        (0.9996, "100%"),
    ],
)
def test_a_small_share_keeps_two_digits_that_count(module_page: Page, share: float, text: str) -> None:
    assert written(module_page, "percent", [share]) == [text]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.5, "every other payment or more"),
        (0.49, "1 in 2 payments"),
        (1 / 2400, "1 in 2,400 payments"),
        (1e-6, "1 in 1,000,000 payments"),
        (9e-7, "fewer than 1 in 1,000,000 payments"),
    ],
)
def test_a_rarity_is_told_as_far_as_it_is_known(module_page: Page, share: float, text: str) -> None:
    assert written(module_page, "oneIn", [share]) == [text]


def test_what_rounds_to_nothing_has_no_sign(module_page: Page) -> None:
    assert written(module_page, "number", [-0.001], [-0.5]) == ["0", "-0.5"]
    assert written(module_page, "money", [-0.001, "EUR"]) == ["0.00 EUR"]


def test_large_money_is_written_to_the_cent_with_its_currency(module_page: Page) -> None:
    amounts: list[list[Any]] = [[1919.114, "EUR"], [987_654_321_012.345, "USD"], [1e6, None]]
    assert written(module_page, "money", *amounts) == ["1,919.11 EUR", "987,654,321,012.35 USD", "1,000,000.00"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "0.3 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3569, "59 min"),
        (3600, "1 h"),
        (3 * 3600 + 20 * 60, "3 h 20 min"),
        (2 * 3600 - 1, "2 h"),
        (47 * 3600, "47 h"),
        (48 * 3600, "2 days"),
    ],
)
def test_a_duration_is_told_in_the_units_that_fit(module_page: Page, seconds: float, text: str) -> None:
    assert written(module_page, "duration", [seconds]) == [text]


@pytest.mark.parametrize(("value", "text"), [(99, "99.0"), (99.94, "99.94"), (99.994, "99.99"), (100, "100.0")])
def test_a_score_near_the_top_keeps_the_digits_that_tell(module_page: Page, value: float, text: str) -> None:
    assert written(module_page, "score", [value]) == [text]
