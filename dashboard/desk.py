"""What the handlers of requests share: the board, who publishes, who tells clients, and the clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from dashboard.feeds.bundle import BundleWatch
from dashboard.feeds.watch import Sight
from dashboard.ports import AccountHistory
from dashboard.publishing import Publishing
from dashboard.sse import Hub
from dashboard.state.board import Board
from dashboard.words import iso


@dataclass(slots=True, kw_only=True)
class Desk:
    """Everything behind the page's questions."""

    board: Board
    hub: Hub
    bundle: BundleWatch
    publishing: Publishing
    sight: Callable[[], Sight]
    """What was last seen of the cluster."""
    archive: AccountHistory | None = None
    """Where older payments are looked up; None without an archive."""
    archive_rests_until: float = 0.0
    """It did not answer: nobody waits for it before this time, in seconds since 1970."""
    caught_up: Callable[[], bool] = lambda: True
    """Whether everything is known that the topics held at the start."""
    clock: Callable[[], float] = time.time

    def snapshot(self) -> dict[str, Any]:
        """Return the picture of the live page."""
        now = self.clock()
        manifest = self.bundle.manifest
        board = self.board
        return {
            "now": iso(now),
            "bundle": self.bundle.snapshot(),
            **board.live.snapshot(now, None if manifest is None else manifest.budgets.high),
            "alerts_over_time": board.timeline.snapshot(now),
            "drift": board.drifts.snapshot(),
            "dead_letters": board.dead_letters.snapshot(now),
            **self.sight().snapshot(not self.caught_up()),
        }


DESK: Final = web.AppKey("desk", Desk)
