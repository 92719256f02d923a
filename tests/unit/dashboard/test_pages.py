import pytest
from yarl import URL

from dashboard.pages import HERE, PAGES
from tests.unit.dashboard.world import card, desk


@pytest.mark.parametrize("path", sorted(PAGES))
async def test_every_page_is_the_shell_with_its_fragment_and_nothing_of_the_data(opened, path):
    client = await opened(desk(card(1, merchant_id="<script>alert(1)</script>")))
    response = await client.get(path)
    text = await response.text()
    name, title = PAGES[path]
    assert (response.status, response.content_type) == (200, "text/html")
    assert f"<title>{title}" in text
    assert (HERE / "pages" / f"{name}.html").read_text() in text
    assert "{{" not in text
    assert "alert(1)" not in text


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../access.py", "/static/%2e%2e/access.py", "/static/..%2faccess.py", "/static//etc/passwd"),
        *("/static/lib/../../server.py", "/static/%00", "/static/lib", "/static/none.js", "/static/" + "x" * 3000),
    ],
)
async def test_nothing_but_the_pages_files_is_served(opened, path):
    client = await opened(desk())
    response = await client.get(URL(path, encoded=True))
    assert response.status == 404
    assert "import" not in await response.text()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("style.css", "text/css"), ("lib/dom.js", "text/javascript"), ("vendor/world.json", "application/json")],
)
async def test_files_have_the_type_that_a_browser_demands(opened, name, kind):
    client = await opened(desk())
    response = await client.get(f"/static/{name}")
    assert (response.status, response.content_type) == (200, kind)


async def test_an_unchanged_file_is_not_sent_again(opened):
    client = await opened(desk())
    first = await client.get("/static/style.css")
    again = await client.get("/static/style.css", headers={"if-none-match": first.headers["etag"]})
    assert again.status == 304


async def test_an_unknown_question_is_answered_in_json(opened):
    client = await opened(desk())
    response = await client.get("/api/nothing")
    assert response.status == 404
    assert (await response.json())["error"] == "Not Found: GET /api/nothing"
