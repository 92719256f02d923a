"""One entry of the queue: an alert or a random check, held small, its full record packed. Pure."""

from datetime import datetime
from typing import Final, Literal

import msgspec

from dashboard.state.packed import Packed, Packing
from detectors.assessment import LEVELS, Assessment, RiskLevel
from detectors.masking import mask
from sinks.alerts import AlertedTransaction, AlertEvent, decode_alert

Kind = Literal["alert", "random_check"]
Status = Literal["new", "escalation", "random_check"]
RANKS: Final[dict[RiskLevel, int]] = {level: rank for rank, level in enumerate(LEVELS)}

_assessment = msgspec.json.Decoder(Assessment)


class Card(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the queue needs of an alert at once; the rest is in `packed`."""

    id: str
    """The assessment's."""
    status: Status
    transaction_id: str
    account_id: str
    merchant_id: str
    time: datetime
    """When it was paid."""
    arrived: float
    """Timestamp of its record, in seconds since 1970: the same after a restart."""
    amount: float
    currency: str | None
    place: str | None
    level: RiskLevel
    score: float
    score_kind: str
    action: str
    codes: tuple[str, ...]
    """Of its reasons, the leading one first."""
    sentence: str
    """Of the leading reason."""
    words: str
    """What a search looks into, in lower case; the account by its last characters only."""
    packed: Packed
    """Everything that was published about it."""

    @property
    def kind(self) -> Kind:
        """Whether somebody was alerted of it."""
        return "random_check" if self.status == "random_check" else "alert"

    @property
    def leading(self) -> str | None:
        """The code of the leading reason."""
        return self.codes[0] if self.codes else None


def card_of_alert(event: AlertEvent, value: bytes, arrived: float, packing: Packing) -> Card:
    """Make the card of an alert from its event and the bytes that it was published as."""
    return _card(event.data.assessment, event.data.status, packing.pack(value), arrived)


def card_of_check(value: bytes, arrived: float, packing: Packing) -> Card:
    """Make the card of a random check from the bytes of its assessment."""
    return _card(_assessment.decode(value), "random_check", packing.pack(value), arrived)


def unpack(card: Card) -> tuple[Assessment, AlertedTransaction | None]:
    """Return everything that was published about a card; a random check says nothing more of its payment."""
    value = card.packed.unpack()
    if card.status == "random_check":
        return _assessment.decode(value), None
    data = decode_alert(value).data
    return data.assessment, data.transaction


def _card(assessment: Assessment, status: Status, packed: Packed, arrived: float) -> Card:
    place = ", ".join(filter(None, [assessment.location, assessment.country])) or None
    searched = (assessment.transaction_id, assessment.merchant_id, place or "", mask(assessment.account_id))
    return Card(
        id=assessment.assessment_id,
        status=status,
        transaction_id=assessment.transaction_id,
        account_id=assessment.account_id,
        merchant_id=assessment.merchant_id,
        time=assessment.event_time,
        arrived=arrived,
        amount=assessment.amount,
        currency=assessment.currency,
        place=place,
        level=assessment.risk_level,
        score=assessment.fraud_risk_score,
        score_kind=assessment.score_kind,
        action=assessment.recommended_action,
        codes=tuple(reason.code for reason in assessment.reasons),
        sentence=assessment.reasons[0].text if assessment.reasons else "no single cause stands out",
        words="\n".join(searched).lower(),
        packed=packed,
    )


def matches(card: Card, query: str) -> bool:
    """Tell whether a search finds a card: part of what may be shown, or the whole id of the account.

    `query` is in lower case. Part of an account's id beyond its shown tail finds nothing, so that nobody guesses
    an id digit by digit.
    """
    return query in card.words or query == card.account_id.lower()
