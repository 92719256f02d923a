"""What happens by itself: the picture once a second, changed cases a few times a second. Computed once for all."""

import asyncio
from typing import Final

import msgspec

from dashboard.api.picture import picture_of
from dashboard.desk import Desk

PICTURE_SECONDS: Final = 1.0
CASES_SECONDS: Final = 0.25
MOST_CASES: Final = 100
"""Cases that are told one by one; after more, a page fetches its list anew..."""
RESET_SECONDS: Final = 2.0
"""...but no more often than this."""

_encode = msgspec.json.Encoder().encode


async def show_pictures(desk: Desk) -> None:
    """Show everybody the picture, each second, until cancelled."""
    while True:
        await asyncio.to_thread(desk.bundle.look)
        desk.board.tick(desk.clock())
        desk.hub.show(_encode(desk.snapshot()))
        await asyncio.sleep(PICTURE_SECONDS)


async def tell_changes(desk: Desk) -> None:
    """Tell everybody what changed, until cancelled."""
    teller = Teller(desk)
    while True:
        teller.tell()
        await asyncio.sleep(CASES_SECONDS)


class Teller:
    """Tells what changed since the last time, in few events however much it is."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._was_behind = False
        self._next_reset = 0.0

    def tell(self) -> None:
        """Tell what changed. What is read at the start is no news: pages fetch it once all is there."""
        desk, now = self._desk, self._desk.clock()
        behind = not desk.caught_up()
        if behind or self._was_behind:
            self._was_behind = behind
            desk.board.take_changes()
            if not behind:
                self._reset(now)
        elif desk.board.changed <= MOST_CASES:
            self._tell_each()
        elif now >= self._next_reset:
            desk.board.take_changes()
            self._reset(now)

    def _reset(self, now: float) -> None:
        self._next_reset = now + RESET_SECONDS
        self._desk.hub.tell("reset", {})

    def _tell_each(self) -> None:
        board, hub = self._desk.board, self._desk.hub
        changes = board.take_changes()
        found = [case for each in sorted(changes.accounts) if (case := board.cases.case(each)) is not None]
        if found:
            told = [picture_of(case, board.cases) for case in found]
            hub.tell("cases", {"cases": told, "counts": board.cases.counts()})
        for id_ in changes.explained:
            hub.tell("explained", {"id": id_})
        if changes.suppressions:
            hub.tell("suppressions", {})
