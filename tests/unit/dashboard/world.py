"""What the tests of the page have in common: alerts, payments and a desk, with a clock that stands still."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from dashboard.desk import Desk
from dashboard.errors import PublishError
from dashboard.feeds.bundle import BundleWatch
from dashboard.feeds.watch import Sight
from dashboard.sse import Hub
from dashboard.state.board import Board, News
from dashboard.state.cards import Card, card_of_alert
from dashboard.state.packed import Packing
from dashboard.state.passing import Passed, Passing
from dashboard.state.suppressions import Suppression
from detectors.assessment import Assessment, Reason
from detectors.labels import Disposition, Label
from sinks.alerts import alert_event, decode_alert
from tests.unit.sinks.assessments import assessment, transaction

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC).timestamp()
MOMENT = datetime.fromtimestamp(NOW, UTC)
ACCOUNT = "AC-7781-0042"
CHANGING = {"x-riskstream": "1"}
"""What our own page sends with a request that changes something."""
PACKING = Packing()


def alert(number: int, account: str = ACCOUNT, **changes: Any) -> Assessment:
    """An alerted assessment; `codes` gives its reasons."""
    codes = changes.pop("codes", None)
    if codes is not None:
        changes["reasons"] = tuple(Reason(code, 2.0, f"{code} in words") for code in codes)
    return assessment(number, account_id=account, **changes)


def card(number: int, account: str = ACCOUNT, arrived: float | None = None, **changes: Any) -> Card:
    """Its card; a higher number arrived later."""
    value = alert_event(alert(number, account, **changes), transaction())
    at = NOW - 1000 + number if arrived is None else arrived
    return card_of_alert(decode_alert(value), value, at, PACKING)


def passed(number: int, at: float = NOW - 3, took_s: float | None = 0.05, **changes: Any) -> Passed:
    """A payment that passed."""
    value = msgspec.json.encode(assessment(number, **{"alert": "none", "risk_level": "low"} | changes))
    payment = msgspec.json.decode(value, type=Passing)
    return Passed(payment, at, None if took_s is None else at - took_s, value)


def label(number: int, disposition: Disposition = "confirmed_fraud", days: float = 1, **changes: Any) -> Label:
    """What came out about the payment of `alert(number)`, so many days later."""
    values: dict[str, Any] = {
        "transaction_id": f"TX{number:06d}",
        "account_id": ACCOUNT,
        "merchant_id": "M042",
        "event_time": MOMENT,
        "disposition": disposition,
        "source": "chargeback",
        "observed_at": MOMENT + timedelta(days=days),
    }
    return Label(**values | changes)


def suppression(**changes: Any) -> Suppression:
    """A rule that hides NEW_DEVICE for an hour."""
    values: dict[str, Any] = {
        "id": "s1",
        "scope": "rule",
        "account_id": None,
        "code": "NEW_DEVICE",
        "owner": "kim",
        "reason": "a new app was released",
        "created": MOMENT,
        "expires": MOMENT + timedelta(hours=1),
    }
    return Suppression(**values | changes)


@dataclass
class FakePublishing:
    """Remembers what it was given; while `away` it acknowledges nothing."""

    labels: list[Label] = field(default_factory=list)
    suppressions: list[Suppression] = field(default_factory=list)
    away: bool = False

    async def label(self, label: Label) -> None:
        self._answer()
        self.labels.append(label)

    async def suppression(self, suppression: Suppression) -> None:
        self._answer()
        self.suppressions.append(suppression)

    def _answer(self) -> None:
        if self.away:
            raise PublishError("the broker did not acknowledge: say it again")


def desk(*cards: Card, publishing: FakePublishing | None = None, **changes: Any) -> Desk:
    """A desk that knows these alerts; review checks are switched off."""
    board = Board(review_share=0.0)
    board.fold(News(cards=list(cards)), NOW)
    board.take_changes()
    values: dict[str, Any] = {
        "board": board,
        "hub": Hub(),
        "bundle": BundleWatch(Path("no-such-bundle")),
        "publishing": publishing or FakePublishing(),
        "sight": lambda: Sight(True, NOW),
        "clock": lambda: NOW,
    }
    return Desk(**values | changes)
