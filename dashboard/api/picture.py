"""Cases and their members as people see them: accounts masked, times in words of ISO 8601."""

from typing import Any, Final

from dashboard.state.cards import Card
from dashboard.state.cases import Case, CaseBook
from dashboard.state.labels import LabelBook
from dashboard.words import iso, iso_time
from detectors.masking import mask

MOST_MEMBERS: Final = 100
"""Cards of one case that are listed: those nobody decided come first, escalations before all."""


def group_of(card: Card, cases: CaseBook, labels: LabelBook) -> dict[str, Any]:
    """Return a card as JSON, with its case and whatever else belongs to that."""
    case = cases.case(card.account_id)
    return {
        "case": None if case is None else picture_of(case, cases),
        "alert": member_of(card, labels),
        "members": [] if case is None else [member_of(each, labels) for each in _shown(case, labels)],
    }


def picture_of(case: Case, cases: CaseBook) -> dict[str, Any]:
    """Return a case as JSON: what a row of the queue shows, whatever the number of its cards."""
    standing = case.standing
    if standing is None:
        raise ValueError("a case without a standing is never shown")
    lead, cards = standing.lead, case.cards
    suppression = cases.hiding(case) if standing.status == "suppressed" else None
    return {
        "id": case.id,
        "account": mask(case.account_id),
        "kind": standing.kind,
        "level": standing.level,
        "score": standing.score,
        "score_kind": lead.score_kind,
        "action": standing.action,
        "escalated": standing.escalated,
        "alerts": len(cards),
        "open": standing.open,
        "first_time": iso_time(min(card.time for card in cards)),
        "newest_time": iso_time(max(card.time for card in cards)),
        "arrived": iso(standing.arrived),
        "amount": lead.amount,
        "currency": lead.currency,
        "merchant": lead.merchant_id,
        "place": lead.place,
        "sentence": lead.sentence,
        "reasons": lead.codes,
        "status": standing.status,
        "suppression": None
        if suppression is None
        else {
            "id": suppression.id,
            "owner": suppression.owner,
            "reason": suppression.reason,
            "expires": iso_time(suppression.expires),
        },
        "lead": lead.id,
    }


def member_of(card: Card, labels: LabelBook) -> dict[str, Any]:
    """Return one card of a case as JSON."""
    return {
        "id": card.id,
        "level": card.level,
        "score": card.score,
        "time": iso_time(card.time),
        "arrived": iso(card.arrived),
        "status": card.status,
        "amount": card.amount,
        "currency": card.currency,
        "merchant": card.merchant_id,
        "sentence": card.sentence,
        "disposition": labels.disposition(card.transaction_id),
    }


def _shown(case: Case, labels: LabelBook) -> list[Card]:
    """The newest first; where there are too many, decided ones and plain ones are left out."""
    newest = list(reversed(case.cards))
    if len(newest) <= MOST_MEMBERS:
        return newest

    def weight(card: Card) -> tuple[bool, bool]:
        return labels.disposition(card.transaction_id) is not None, card.status != "escalation"

    chosen = {card.id for card in sorted(newest, key=weight)[:MOST_MEMBERS]}
    return [card for card in newest if card.id in chosen]
