"""Who is let in; every refusal here is one that a browser or a stranger can provoke."""

import pytest
from pydantic import ValidationError

from dashboard.access import COOKIE, CSP, SESSION_SECONDS, Access
from dashboard.errors import AccessError
from stream.settings import Settings
from tests.unit.dashboard.world import CHANGING, NOW, card, desk

TOKEN = "a-token-of-some-length"
REVEAL = "/api/alerts/a0000001/reveal"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "192.0.2.7", "[::2]"]
)
async def test_a_foreign_name_of_this_machine_is_refused(opened, host):
    """DNS rebinding: the name is the attacker's, the address ours."""
    client = await opened(desk())
    response = await client.get("/api/live", headers={"host": host})
    assert response.status == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1:8080", "[::1]:8080"])
async def test_names_of_loopback_are_served(opened, host):
    client = await opened(desk())
    assert (await client.get("/api/live", headers={"host": host})).status == 200


async def test_behind_a_proxy_of_this_machine_the_token_takes_the_place_of_the_name(opened):
    client = await opened(desk(), "127.0.0.1", TOKEN)
    headers = {"host": "fraud.example", "authorization": f"Bearer {TOKEN}"}
    assert (await client.get("/api/live", headers=headers)).status == 200


def test_a_token_that_could_be_guessed_is_refused():
    with pytest.raises(ValidationError, match="at least 16"):
        Settings(dashboard_token="short")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
async def test_a_change_asked_for_by_another_site_is_refused(opened, origin):
    client = await opened(desk(card(1)))
    response = await client.post(REVEAL, json={}, headers=CHANGING | {"origin": origin})
    assert response.status == 403


async def test_a_change_from_our_own_page_is_taken(opened):
    client = await opened(desk(card(1)))
    origin = f"http://{client.host}:{client.port}"
    assert (await client.post(REVEAL, json={}, headers=CHANGING | {"origin": origin})).status == 200


async def test_a_change_needs_our_header_and_json(opened):
    client = await opened(desk(card(1)))
    assert (await client.post(REVEAL, json={})).status == 403
    assert (await client.post(REVEAL, data="{}", headers=CHANGING)).status == 400
    assert (await client.delete("/api/suppressions/x", json={"owner": "kim"})).status == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "fraud.example"])
def test_elsewhere_than_on_loopback_it_does_not_start_without_a_token(host):
    with pytest.raises(AccessError, match="RISKSTREAM_DASHBOARD_TOKEN"):
        Access(host, None, lambda: NOW)


async def test_with_a_token_everything_but_the_login_and_its_files_is_closed(opened):
    client = await opened(desk(card(1)), "0.0.0.0", TOKEN)
    for path in (
        "/api/live",
        "/api/alerts",
        "/api/alerts/a0000001",
        "/api/events",
        "/api/suppressions",
        "/alerts",
    ):
        assert (await client.get(path)).status == 401
    assert (await client.post(REVEAL, json={}, headers=CHANGING)).status == 401
    assert (await client.get("/login")).status == 200
    assert (await client.get("/static/style.css")).status == 200


async def test_a_person_without_a_session_is_led_to_the_login(opened):
    client = await opened(desk(), "0.0.0.0", TOKEN)
    response = await client.get("/alerts", headers={"accept": "text/html"}, allow_redirects=False)
    assert (response.status, response.headers["location"]) == (303, "/login")


async def test_a_bearer_token_opens_and_a_wrong_one_does_not(opened):
    client = await opened(desk(), "0.0.0.0", TOKEN)
    for given, status in ((TOKEN, 200), (TOKEN[:-1], 401), (TOKEN + "x", 401), ("", 401), ("ä", 401)):
        response = await client.get("/api/live", headers={"authorization": f"Bearer {given}"})
        assert response.status == status


async def test_the_login_gives_a_session_that_is_not_the_token(opened):
    client = await opened(desk(), "0.0.0.0", TOKEN)
    response = await client.post("/login", data={"token": TOKEN}, allow_redirects=False)
    assert (response.status, response.headers["location"]) == (303, "/")
    cookie = response.headers["set-cookie"]
    assert TOKEN not in cookie
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    value = response.cookies[COOKIE].value
    assert (await client.get("/api/live", headers={"cookie": f"{COOKIE}={value}"})).status == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_session_that_began_behind_a_proxy_with_tls_is_sent_by_tls_only(opened, scheme):
    client = await opened(desk(), "0.0.0.0", TOKEN)
    origin = f"{scheme}://{client.host}:{client.port}"
    response = await client.post(
        "/login", data={"token": TOKEN}, headers={"origin": origin}, allow_redirects=False
    )
    assert response.status == 303
    assert ("Secure" in response.headers["set-cookie"].split("; ")) == (scheme == "https")


async def test_a_wrong_token_at_the_login_gives_no_session(opened):
    client = await opened(desk(), "0.0.0.0", TOKEN)
    response = await client.post("/login", data={"token": "wrong"})
    assert response.status == 401
    assert "set-cookie" not in response.headers
    assert "not the token" in await response.text()


async def test_the_login_form_of_another_site_is_refused(opened):
    client = await opened(desk(), "0.0.0.0", TOKEN)
    response = await client.post("/login", data={"token": TOKEN}, headers={"origin": "https://evil.example"})
    assert response.status == 403


async def test_a_session_ends_and_cannot_be_made_or_prolonged_without_the_token(opened):
    now = [NOW]
    door = Access("0.0.0.0", TOKEN, lambda: now[0])
    good = door.session()
    expires, signature = good.split(".")
    place = desk(clock=lambda: now[0])
    client = await opened(place, "0.0.0.0", TOKEN)

    async def status(value: str) -> int:
        return (await client.get("/api/live", headers={"cookie": f"{COOKIE}={value}"})).status

    assert await status(good) == 200
    other = Access("0.0.0.0", "another-token-entirely", lambda: NOW).session()
    for forged in (
        f"{int(expires) + 1}.{signature}",
        f"{expires}.",
        f"{expires}",
        "²." + signature,
        "",
        "x.y",
        other,
    ):
        assert await status(forged) == 401
    now[0] += SESSION_SECONDS
    assert await status(good) == 401


async def test_the_token_is_compared_in_constant_time_and_by_digests_of_one_length(opened, monkeypatch):
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr("dashboard.access.hmac.compare_digest", compare)
    client = await opened(desk(), "0.0.0.0", TOKEN)
    await client.get("/api/live", headers={"authorization": "Bearer short"})
    assert compared == [(32, 32)]


@pytest.mark.parametrize(
    "path", ["/", "/alerts", "/login", "/static/style.css", "/api/live", "/api/alerts/zzz", "/none"]
)
async def test_every_answer_tells_the_browser_what_it_may_not_do(opened, path):
    client = await opened(desk())
    headers = (await client.get(path)).headers
    assert headers["content-security-policy"] == CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")


async def test_refusals_have_these_headers_too(opened):
    client = await opened(desk())
    response = await client.get("/api/live", headers={"host": "evil.example"})
    assert response.headers["content-security-policy"] == CSP
