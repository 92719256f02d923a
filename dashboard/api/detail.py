"""One alert with everything that this server knows of it: its payment, its account, its merchant, its likes."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from dashboard.api.account import remembered
from dashboard.api.picture import group_of
from dashboard.desk import Desk
from dashboard.state.cards import Card, unpack
from dashboard.words import DETECTOR_TITLES, iso, iso_time
from detectors.assessment import DETECTORS, Assessment
from detectors.features import FEATURE_VERSION, FEATURES
from detectors.masking import mask
from detectors.merchants.features import MERCHANT_FEATURES

MOST_SIMILAR: Final = 5


def detail_of(card: Card, desk: Desk) -> dict[str, Any]:
    """Return an alert as the page shows it when it is opened."""
    board = desk.board
    assessment, transaction = unpack(card)
    return {
        **group_of(card, board.cases, board.labels),
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
        **remembered(card, desk),
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
