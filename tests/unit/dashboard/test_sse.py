import asyncio

import msgspec
import pytest

from dashboard import sse
from dashboard.sse import MOST_WAITING, RING_EVENTS, Hub
from dashboard.state.board import News
from dashboard.ticking import MOST_CASES, Teller
from tests.unit.dashboard.world import NOW, card, desk, suppression


def events(data: bytes) -> list[tuple[str | None, str | None]]:
    """Return (id, event) of what went over the wire."""
    found = []
    for part in data.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in part.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines.get("id"), lines.get("event")))
    return found


async def told(hub: Hub, last_id: str | None) -> list[str | None]:
    client = hub.join(last_id)
    return [event for _, event in events(await client.next())]


async def test_a_first_visit_gets_an_id_to_come_back_with_and_misses_nothing_afterwards():
    hub = Hub()
    hub.tell("cases", {})
    ((id_, event),) = events(await hub.join(None).next())
    assert event is None
    hub.tell("explained", {"id": "a"})
    hub.tell("suppressions", {})
    assert await told(hub, id_) == ["explained", "suppressions"]


async def test_whoever_saw_everything_is_told_nothing_again():
    hub = Hub()
    client = hub.join(None)
    hub.tell("cases", {})
    last = events(await client.next())[-1][0]
    hub.join(last)
    hub.show(b"{}")
    assert await told(hub, last) == ["live"]


@pytest.mark.parametrize("id_", ["", "x", "0-1", "deadbeef-1", "{boot}-99", "{boot}--1", "{boot}-²", "{boot}-"])
async def test_an_id_that_is_not_known_resets(id_):
    hub = Hub()
    hub.tell("cases", {})
    assert await told(hub, id_.format(boot=hub._boot)) == ["reset"]


async def test_an_id_of_another_run_of_the_server_resets():
    before, after = Hub(), Hub()
    before.tell("cases", {})
    ((id_, _),) = events(await before.join(None).next())
    after.tell("cases", {})
    assert await told(after, id_) == ["reset"]


async def test_more_than_the_ring_holds_resets():
    hub = Hub()
    client = hub.join(None)
    ((id_, _),) = events(await client.next())
    hub.part(client)
    for _ in range(RING_EVENTS):
        hub.tell("cases", {})
    assert len(await told(hub, id_)) == RING_EVENTS
    hub.tell("cases", {})
    assert await told(hub, id_) == ["reset"]


async def test_a_page_that_does_not_read_is_let_go_of_and_holds_nothing():
    hub = Hub()
    slow = hub.join(None)
    for _ in range(MOST_WAITING + 1):
        hub.tell("cases", {"text": "x" * 1000})
    assert slow.gone
    assert await slow.next() == b""


async def test_only_the_newest_picture_waits():
    hub = Hub()
    client = hub.join(None)
    for number in range(500):
        hub.show(b"%d" % number)
    data = await client.next()
    assert data.count(b"event: live") == 1
    assert b"data: 499\n\n" in data


async def test_the_stream_goes_over_http_and_ends_with_the_server(opened):
    place = desk()
    client = await opened(place)
    async with client.get("/api/events") as response:
        assert response.content_type == "text/event-stream"
        place.hub.tell("explained", {"id": "a\n\nevent: forged"})
        data = b""
        while b"explained" not in data:
            data += await response.content.readany()
        assert b"event: forged" not in data.splitlines()
        place.hub.close()
        await response.content.read()
    assert place.hub.clients == 0


async def test_a_page_that_leaves_its_connection_full_is_cut_off(opened, monkeypatch):
    monkeypatch.setattr(sse, "WRITE_SECONDS", 0.05)
    place = desk()
    client = await opened(place)
    reader, writer = await asyncio.open_connection(client.host, client.port, limit=1024)
    writer.write(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await reader.readline()
    assert place.hub.clients == 1
    async with asyncio.timeout(10):
        while place.hub.clients:
            place.hub.show(b"x" * 4_000_000)
            await asyncio.sleep(0.01)
    writer.close()


async def test_a_quiet_stream_says_that_it_is_there(opened, monkeypatch):
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.01)
    client = await opened(desk())
    async with client.get("/api/events") as response, asyncio.timeout(5):
        data = b""
        while b": still here\n\n" not in data:
            data += await response.content.readany()


class Told:
    """A teller, and what it has told."""

    def __init__(self, caught_up: bool = True) -> None:
        self.now, self.caught_up = NOW, caught_up
        self.desk = desk(clock=lambda: self.now, caught_up=lambda: self.caught_up)
        self.teller = Teller(self.desk)
        self.client = self.desk.hub.join(None)

    async def tell(self) -> list[tuple[str, object]]:
        self.teller.tell()
        self.desk.hub.show(b"{}")
        found = []
        for part in (await self.client.next()).decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in part.splitlines())
            if "event" in lines and lines["event"] != "live":
                found.append((lines["event"], msgspec.json.decode(lines["data"])))
        return found


async def test_changes_of_many_alerts_are_one_event_with_each_case_once():
    world = Told()
    world.desk.board.fold(News(cards=[card(n, f"A{n % 3}") for n in range(30)]), NOW)
    ((event, data),) = await world.tell()
    assert (event, len(data["cases"]), data["counts"]["open"]) == ("cases", 3, 3)
    assert await world.tell() == []


async def test_explanations_and_suppressions_are_told():
    world = Told()
    world.desk.board.fold(News(explained=[("a1", b"{}")], suppressions=[suppression()]), NOW)
    assert await world.tell() == [("explained", {"id": "a1"}), ("suppressions", {})]


async def test_too_many_changes_are_one_reset_and_no_more_than_one_in_two_seconds():
    world, number = Told(), 0
    outcome = []
    for _ in range(3):
        world.desk.board.fold(News(cards=[card(n, f"A{n}") for n in range(number, number + MOST_CASES + 1)]), NOW)
        number += MOST_CASES + 1
        outcome.append(await world.tell())
        world.now += 1.0
    assert outcome == [[("reset", {})], [], [("reset", {})]]


async def test_what_is_read_at_the_start_is_told_as_one_reset_once_all_is_there():
    world = Told(caught_up=False)
    for number in range(3):
        world.desk.board.fold(News(cards=[card(number, f"A{number}")]), NOW)
        assert await world.tell() == []
    world.caught_up = True
    assert await world.tell() == [("reset", {})]
    assert await world.tell() == []
