"""One alert with everything that is known of it: its payment, its account's history, its merchant, its likes."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec
import structlog

from dashboard.api.picture import member_of, picture_of
from dashboard.desk import Desk
from dashboard.ports import Payment
from dashboard.state.cards import Card, unpack
from dashboard.words import DETECTOR_TITLES, iso, iso_time
from detectors.assessment import DETECTORS, Assessment
from detectors.errors import RiskstreamError
from detectors.features import FEATURE_VERSION, FEATURES
from detectors.masking import mask
from detectors.merchants.features import MERCHANT_FEATURES

log = structlog.get_logger(__name__)

MOST_PAYMENTS: Final = 200
MOST_SIMILAR: Final = 5
AFTERWARDS: Final = timedelta(days=2)
"""What the account did after the payment says something too."""
ARCHIVE_SECONDS: Final = 3.0
"""How long the archive may take; nobody waits longer for an alert to open..."""
REST_SECONDS: Final = 30.0
"""...and not at all for so long, once it did not answer."""


async def detail_of(card: Card, desk: Desk) -> dict[str, Any]:
    """Return an alert as the page shows it when it is opened."""
    board = desk.board
    assessment, transaction = unpack(card)
    older, source = await _archived(card, desk)
    case = board.cases.case(card.account_id)
    history = _history(card, _merged(board.histories.of(card.account_id), older, _cards(card, desk)))
    for each in history:
        each["disposition"] = board.labels.disposition(each.pop("transaction_id"))
    times = [each["time"] for each in history]
    return {
        "case": None if case is None else picture_of(case, board.cases, board.labels),
        "alert": member_of(card, board.labels),
        "assessment": _assessment(assessment),
        "transaction": None if transaction is None else msgspec.to_builtins(transaction),
        "detectors": [
            {
                "name": name,
                "title": DETECTOR_TITLES[name],
                "score": getattr(assessment.scores, name),
                "tail": getattr(assessment.tails, name),
            }
            for name in DETECTORS
        ],
        "explanation": _explanation(board.explanation(card.id)),
        "history": history,
        "history_range": {"from": times[0], "to": times[-1]},
        "history_source": source,
        "merchant": _merchant(assessment, desk),
        "similar": [_similar(card, other, desk) for other in board.cases.likeness.like(card, MOST_SIMILAR)],
    }


def _assessment(assessment: Assessment) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(assessment)
    shown["account_id"] = mask(assessment.account_id)
    shown["event_time"] = iso_time(assessment.event_time)
    shown["features"] = _features(assessment)
    return shown


def _features(assessment: Assessment) -> list[dict[str, Any]]:
    names: Sequence[str] = FEATURES
    if assessment.feature_version != FEATURE_VERSION or len(assessment.features) != len(FEATURES):
        # Made by another release, whose columns are not known here.
        names = [f"feature_{place}" for place in range(len(assessment.features))]
    return [{"name": name, "value": value} for name, value in zip(names, assessment.features, strict=True)]


def _explanation(value: bytes | None) -> dict[str, Any] | None:
    if value is None:
        return None
    found: dict[str, Any] = msgspec.json.decode(value)
    if isinstance(found.get("account_id"), str):
        found["account_id"] = mask(found["account_id"])
    return found


def _merchant(assessment: Assessment, desk: Desk) -> dict[str, Any]:
    board, since = desk.board, desk.board.cases.since()
    return {
        "id": assessment.merchant_id,
        "features": [each for each in _features(assessment) if each["name"] in MERCHANT_FEATURES],
        "alerts": board.cases.alerts_at(assessment.merchant_id),
        "confirmed_frauds": board.labels.confirmed_frauds(assessment.merchant_id),
        "since": iso(desk.clock() if since is None else since),
    }


def _similar(card: Card, other: Card, desk: Desk) -> dict[str, Any]:
    return {
        "id": other.id,
        "time": iso_time(other.time),
        "level": other.level,
        "score": other.score,
        "amount": other.amount,
        "currency": other.currency,
        "sentence": other.sentence,
        "disposition": desk.board.labels.disposition(other.transaction_id),
        "shared": [code for code in card.codes if code in other.codes],
    }


async def _archived(card: Card, desk: Desk) -> tuple[Sequence[Payment], str]:
    """Return payments from the archive, and in words where the history comes from."""
    memory = f"this server's memory of the newest {len(desk.board.histories):,} payments of all accounts"
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
