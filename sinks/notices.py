"""What people and queues get of an alert through SNS: subject, text, attributes to filter by, and the event.

Pure. Account ids stand in the event alone, never in a subject, a text or an attribute, which mail servers keep.
"""

import hashlib
from typing import Any, Final

import msgspec

from detectors.assessment import Assessment
from detectors.masking import mask, printable
from sinks.alerts import SOURCE, SPEC_VERSION, AlertEvent
from sinks.restraint import HeldBack

SUBJECT_CHARACTERS: Final = 100
"""Of printable ASCII, says the reference of SNS's action Publish; mail is what it is for."""
MACHINES: Final = ("sqs", "lambda", "http", "https")
"""The protocols whose subscribers get the event as JSON; all others get text."""
HELD_BACK_TYPE: Final = "io.riskstream.alerts-held-back.v1"
NAMED_REASONS = 10
"""In a summary, by how often they came."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class Attribute(msgspec.Struct, frozen=True, gc=False):
    """One message attribute, by which a subscription filters."""

    name: str
    kind: str
    """`String`, or `String.Array` with a JSON list as its value."""
    value: str


class Notice(msgspec.Struct, frozen=True, gc=False):
    """One message to publish."""

    id: str
    """Of the event that it tells of."""
    group: str
    """Notices of one group keep their order on a FIFO topic: one account's."""
    subject: str
    message: str
    """A JSON object with a text per protocol (SNS's message structure `json`)."""
    attributes: tuple[Attribute, ...]

    def size(self) -> int:
        """Return its bytes as SNS counts them against 256 KiB; the subject too, to be on the safe side."""
        attributes = sum(len(f"{each.name}{each.kind}{each.value}".encode()) for each in self.attributes)
        return len(self.message.encode()) + len(self.subject) + attributes


def alert_notice(event: AlertEvent, value: bytes) -> Notice:
    """Return the notice of an alert; `value` is the JSON that `event` was decoded from, passed on as it is."""
    found, status = event.data.assessment, event.data.status
    subject, codes = _subject(found, status), [reason.code for reason in found.reasons]
    return Notice(
        id=event.id,
        group=hashlib.sha256(found.account_id.encode()).hexdigest(),
        subject=subject,
        message=_message(_text(event), value.decode(), subject),
        attributes=(
            *_attributes(found.risk_level, codes, status),
            Attribute("score_kind", "String", found.score_kind),
        ),
    )


def held_back_notice(held: HeldBack) -> Notice:
    """Return the one notice that stands for alerts which were held back; there has to be one at least."""
    reasons = held.reasons.most_common(NAMED_REASONS)
    digest = hashlib.sha256("\n".join(sorted(held.ids)).encode()).hexdigest()
    told = f"{len(held):,} more {'alert was' if len(held) == 1 else 'alerts were'} held back"
    event = {
        "specversion": SPEC_VERSION,
        "id": f"held-back-{digest[:32]}",
        "source": SOURCE,
        "type": HELD_BACK_TYPE,
        "time": held.last,
        "datacontenttype": "application/json",
        "data": {
            "count": len(held),
            "levels": dict(held.levels),
            "reasons": dict(reasons),
            "first_event_time": held.first,
            "last_event_time": held.last,
        },
    }
    lines = [
        f"{told}: more came than RISKSTREAM_SNS_PER_MINUTE lets through.",
        "All of them are on the topic alerts (riskstream alerts --from-beginning) and in the archive.",
        "",
        *(f"{level}: {count:,}" for level, count in held.levels.most_common()),
        f"payments from {held.first:%Y-%m-%d %H:%M:%S} to {held.last:%Y-%m-%d %H:%M:%S} UTC",
        "",
        "Most frequent reasons:",
        *(f"- {code}: {count:,}" for code, count in reasons),
    ]
    subject = f"{held.gravest.upper()} fraud risk: {told}"
    return Notice(
        id=str(event["id"]),
        group="held-back",
        subject=subject,
        message=_message("\n".join(lines), _encode(event).decode(), subject),
        attributes=_attributes(held.gravest, [code for code, _ in reasons], "held_back"),
    )


def _attributes(level: str, codes: list[str], status: str) -> tuple[Attribute, ...]:
    return (
        Attribute("risk_level", "String", level),
        Attribute("reasons", "String.Array", _encode(codes).decode()),
        Attribute("status", "String", status),
    )


def _message(text: str, event: str, short: str) -> str:
    told: dict[str, Any] = {"default": text, "email": text, "sms": short, **dict.fromkeys(MACHINES, event)}
    return msgspec.json.encode(told).decode()


def _subject(found: Assessment, status: str) -> str:
    cause = found.reasons[0].code if found.reasons else found.score_kind
    again = "again, " if status == "escalation" else ""
    account = mask(found.account_id)
    told = f"{found.risk_level.upper()} fraud risk: {again}{_amount(found)}, account {account}, {cause}"
    return told.replace("…", "...").encode("ascii", "replace").decode()[:SUBJECT_CHARACTERS]


def _amount(found: Assessment) -> str:
    return f"{found.amount:,.2f}" + (f" {printable(found.currency)}" if found.currency else "")


def _text(event: AlertEvent) -> str:
    found, payment = event.data.assessment, event.data.transaction
    what = [_amount(found), found.transaction_type, found.channel]
    where = [found.location, found.country, f"IP address in {found.ip_country}" if found.ip_country else None]
    burst = "the account's burst has become graver" if event.data.status == "escalation" else "a new alert"
    rows = {
        "risk": f"{found.risk_level.upper()} ({burst}); recommended: {found.recommended_action}",
        "score": f"{found.fraud_risk_score:g} of 100 ({found.score_kind})",
        "payment": ", ".join(filter(None, what)),
        "time": f"{found.event_time:%Y-%m-%d %H:%M:%S} UTC",
        "account": f"{mask(found.account_id)} ({found.maturity})",
        "merchant": found.merchant_id,
        "where": ", ".join(filter(None, where)) or "unknown",
        "device": payment.device_id or "unknown",
        "transaction": found.transaction_id,
        "alert": event.id,
    }
    reasons = [f"- {printable(reason.text)} ({reason.code})" for reason in found.reasons]
    lines = [f"{name + ':':13}{printable(value)}" for name, value in rows.items()]
    return "\n".join([*lines, "", "Reasons, largest first:", *(reasons or ["- none stands out"])])
