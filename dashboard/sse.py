"""Server-sent events: what happens, told to every page that is open. A page that reads too slowly is let go of,
and comes back with the id of the last event it saw.
"""

import asyncio
import secrets
from collections import deque
from typing import Any, Final

import msgspec
from aiohttp import web

RING_EVENTS: Final = 1_000
"""Events that a page which lost its connection is still told of afterwards: four minutes at the busiest."""
MOST_WAITING: Final = 200
"""Events that a slow page may be behind before it is let go of."""
WRITE_SECONDS: Final = 10.0
HEARTBEAT_SECONDS: Final = 15.0
RETRY_MS: Final = 1_000

_encode = msgspec.json.Encoder().encode


def frame(event: str, data: bytes, id_: str | None = None) -> bytes:
    r"""Return an event as it goes over the wire; JSON has no line ends of its own.

    >>> frame("reset", b"{}")
    b'event: reset\ndata: {}\n\n'
    """
    head = "" if id_ is None else f"id: {id_}\n"
    return f"{head}event: {event}\n".encode() + b"data: " + data + b"\n\n"


class Client:
    """One page that listens."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._live: bytes | None = None
        self._ready = asyncio.Event()
        self.gone = False

    def tell(self, data: bytes) -> None:
        """Queue an event, or give up on a page that lets too many pile up."""
        if len(self._waiting) >= MOST_WAITING:
            self.leave()
            return
        self._waiting.append(data)
        self._ready.set()

    def show(self, data: bytes) -> None:
        """Put the newest picture in place of one that was not sent yet."""
        self._live = data
        self._ready.set()

    def leave(self) -> None:
        """End the stream; nothing more is kept for it."""
        self.gone = True
        self._waiting.clear()
        self._ready.set()

    async def next(self) -> bytes:
        """Wait for something to send; empty once the client is gone."""
        await self._ready.wait()
        self._ready.clear()
        if self.gone:
            return b""
        parts = [*self._waiting, self._live or b""]
        self._waiting.clear()
        self._live = None
        return b"".join(parts)


class Hub:
    """Knows who listens, and what was told lately."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self._ring: deque[tuple[int, bytes]] = deque(maxlen=RING_EVENTS)
        self._boot = secrets.token_hex(4)
        """Ids of another run of the server mean nothing to this one."""
        self._number = 0
        self._live: bytes | None = None

    @property
    def clients(self) -> int:
        """How many pages listen."""
        return len(self._clients)

    def tell(self, event: str, data: Any) -> None:
        """Tell everybody of an event; whoever reconnects soon hears of it too."""
        self._number += 1
        told = frame(event, _encode(data), f"{self._boot}-{self._number}")
        self._ring.append((self._number, told))
        for client in self._clients:
            client.tell(told)

    def show(self, snapshot: bytes) -> None:
        """Show everybody the newest picture, JSON; older ones are worth nothing any more."""
        self._live = frame("live", snapshot)
        for client in self._clients:
            client.show(self._live)

    def join(self, last_id: str | None) -> Client:
        """Add a client, and tell it what it missed since an id, or that it has to fetch everything."""
        client = Client()
        missed = self._since(last_id)
        client.tell(self._reset() if missed is None else missed)
        if self._live is not None:
            client.show(self._live)
        self._clients.add(client)
        return client

    def part(self, client: Client) -> None:
        """Forget a client."""
        self._clients.discard(client)

    def close(self) -> None:
        """Let everybody go."""
        for client in self._clients:
            client.leave()

    def _reset(self) -> bytes:
        return frame("reset", b"{}", f"{self._boot}-{self._number}")

    def _since(self, last_id: str | None) -> bytes | None:
        """Return what was told since an id; None if that is not known. A first visit has missed nothing, but gets
        an id to come back with.
        """
        if last_id is None:
            return f"id: {self._boot}-{self._number}\nretry: {RETRY_MS}\n\n".encode()
        boot, _, number = last_id.partition("-")
        if boot != self._boot or not (number.isascii() and number.isdecimal()):
            return None
        seen = int(number)
        if seen > self._number or seen < self._number - len(self._ring):
            return None
        return b"".join(told for each, told in self._ring if each > seen)


async def stream(request: web.Request, hub: Hub) -> web.StreamResponse:
    """Answer a request with events until the page goes away, reads too slowly or the server stops."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-store"})
    # Joined first: what happens while the answer begins is not missed.
    client = hub.join(request.headers.get("last-event-id"))
    try:
        await response.prepare(request)
        while not client.gone:
            data = await _next(client)
            if data:
                async with asyncio.timeout(WRITE_SECONDS):
                    await response.write(data)
    except TimeoutError:
        # What was written already would otherwise wait for a reader that does not come.
        if request.transport is not None:
            request.transport.abort()
    except ConnectionError:
        pass
    finally:
        hub.part(client)
    return response


async def _next(client: Client) -> bytes:
    """Return what there is to send, or a comment that keeps the connection open."""
    try:
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            return await client.next()
    except TimeoutError:
        return b": still here\n\n"
