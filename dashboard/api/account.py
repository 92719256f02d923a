"""What an account paid around an alert: at once from this server's memory, in a moment from the archive too."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import structlog

from dashboard.desk import Desk
from dashboard.ports import Payment
from dashboard.state.cards import Card
from dashboard.words import iso_time
from detectors.errors import RiskstreamError

log = structlog.get_logger(__name__)

MOST_PAYMENTS: Final = 200
AFTERWARDS: Final = timedelta(days=2)
"""What the account did after the payment says something too."""
ARCHIVE_SECONDS: Final = 15.0
"""How long the archive may take..."""
REST_SECONDS: Final = 30.0
"""...and how long nobody asks it, once it did not answer."""


def remembered(card: Card, desk: Desk) -> dict[str, Any]:
    """Return the payments that are known here, as fields of the alert's detail.

    `history_whole` is false where `history_of` may know more.
    """
    return _shown(card, desk, (), _memory(desk), whole=desk.archive is None)


async def history_of(card: Card, desk: Desk) -> dict[str, Any]:
    """Return the same fields, with what the archive holds."""
    older, source = await _archived(card, desk)
    return _shown(card, desk, older, source, whole=True)


def _memory(desk: Desk) -> str:
    return f"this server's memory of the newest {len(desk.board.histories):,} payments of all accounts"


async def _archived(card: Card, desk: Desk) -> tuple[Sequence[Payment], str]:
    """Return payments from the archive, and in words where the history comes from."""
    memory = _memory(desk)
    if desk.archive is None:
        return (), memory
    without = f"{memory}; the archive does not answer now"
    if desk.clock() < desk.archive_rests_until:
        return (), without
    try:
        async with asyncio.timeout(ARCHIVE_SECONDS):
            found = await desk.archive.payments(card.account_id, card.time + AFTERWARDS, MOST_PAYMENTS)
    except (RiskstreamError, TimeoutError) as error:
        desk.archive_rests_until = desk.clock() + REST_SECONDS
        log.info("history without the archive", why=str(error) or "it did not answer in time")
        return (), without
    return found, f"the archive, and {memory}"


def _cards(card: Card, desk: Desk) -> list[Payment]:
    """The account's alerts as payments: they are held for longer."""
    case = desk.board.cases.case(card.account_id)
    held = [card] if case is None else case.cards
    return [
        Payment(
            each.id,
            each.transaction_id,
            each.account_id,
            each.merchant_id,
            each.time,
            each.amount,
            each.currency,
            each.score,
            each.level,
        )
        for each in held
    ]


def _merged(*sources: Sequence[Payment]) -> list[Payment]:
    """Each payment once, in order of time."""
    once = {payment.id: payment for source in sources for payment in source}
    return sorted(once.values(), key=lambda payment: (payment.time, payment.id))


def _shown(card: Card, desk: Desk, older: Sequence[Payment], source: str, *, whole: bool) -> dict[str, Any]:
    board = desk.board
    history = _history(card, _merged(board.histories.of(card.account_id), older, _cards(card, desk)))
    for each in history:
        each["disposition"] = board.labels.disposition(each.pop("transaction_id"))
    times = [each["time"] for each in history]
    return {
        "history": history,
        "history_range": {"from": times[0], "to": times[-1]},
        "history_source": source,
        "history_whole": whole,
    }


def _history(card: Card, payments: list[Payment]) -> list[dict[str, Any]]:
    """The newest payments, this one among them however old it is."""
    place = next(index for index, payment in enumerate(payments) if payment.id == card.id)
    start = max(0, min(place, len(payments) - MOST_PAYMENTS))
    return [
        {
            "id": payment.id,
            "transaction_id": payment.transaction_id,
            "time": iso_time(payment.time),
            "amount": payment.amount,
            "currency": payment.currency,
            "score": payment.score,
            "level": payment.level,
            "merchant": payment.merchant_id,
            "this": payment.id == card.id,
        }
        for payment in payments[start : start + MOST_PAYMENTS]
    ]
