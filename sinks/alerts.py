"""Alerts as CloudEvents 1.0 in structured JSON: the contract between riskstream and whoever acts on an alert.

The bytes follow from the assessment and its payment alone, so an alert that is sent twice is the same to the bit.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from detectors.assessment import Assessment
from detectors.transaction import EnrichedTransaction
from sinks.errors import AlertError

SPEC_VERSION: Final = "1.0"
SOURCE: Final = "riskstream"
TYPE: Final = "io.riskstream.alert.v1"
"""Carries the major version: a consumer of v1 never meets a field that changed its meaning."""
SCHEMA_URI: Final = "urn:riskstream:schema:alert:1"
"""Names the published schema (`sinks/alert.schema.json`); a URN, because it identifies and need not resolve."""

CONTENT_TYPE = ("content-type", b"application/cloudevents+json; charset=UTF-8")
"""The record header by which CloudEvents' Kafka binding tells structured events from binary ones."""

Status = Literal["new", "escalation"]


class AlertedTransaction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an analyst needs to know of the payment beyond its assessment; null where the producer said nothing."""

    device_id: str | None
    ip_address: str | None
    ip_city: str | None
    duration_s: float | None
    login_attempts: int | None
    account_balance: float | None


class AlertData(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A first alert about an account, or a graver turn of one that is out already."""

    status: Status
    assessment: Assessment
    transaction: AlertedTransaction


class AlertEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One alert. Deduplicate by `id`; all alerts of an account arrive in order."""

    specversion: Literal["1.0"]
    id: Annotated[str, msgspec.Meta(min_length=1)]
    source: Literal["riskstream"]
    type: Literal["io.riskstream.alert.v1"]
    subject: str
    """The transaction id. Account ids stay inside `data`, since middleware logs and indexes the attributes."""
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    """When the payment happened."""
    datacontenttype: Literal["application/json"]
    dataschema: Literal["urn:riskstream:schema:alert:1"]
    data: AlertData


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AlertEvent)


def alert_event(assessment: Assessment, transaction: EnrichedTransaction) -> bytes:
    """Return the alert about `assessment`, whose status has to be "new" or "escalation", as JSON."""
    if assessment.alert not in ("new", "escalation"):
        raise AlertError(
            f"assessment {assessment.assessment_id} is no alert (status {assessment.alert!r}); "
            "publish only those that are new or an escalation"
        )
    event = AlertEvent(
        specversion=SPEC_VERSION,
        # Ids are unique within a source: other kinds of event about this assessment get another prefix.
        id=f"alert-{assessment.assessment_id}",
        source=SOURCE,
        type=TYPE,
        subject=assessment.transaction_id,
        time=assessment.event_time,
        datacontenttype="application/json",
        dataschema=SCHEMA_URI,
        data=AlertData(
            status=assessment.alert,
            assessment=assessment,
            transaction=AlertedTransaction(
                **{name: getattr(transaction, name) for name in AlertedTransaction.__struct_fields__}
            ),
        ),
    )
    return _encoder.encode(event)


def decode_alert(value: bytes) -> AlertEvent:
    """Read an alert back; fields added by later versions are ignored."""
    try:
        return _decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AlertError(f"not an alert of version 1: {error}; was it written by another producer?") from error


def alert_schema() -> dict[str, Any]:
    """Return the JSON Schema of an alert, of which `sinks/alert.schema.json` is the published copy."""
    (reference,), definitions = msgspec.json.schema_components([AlertEvent], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_URI,
        "title": "riskstream alert, version 1",
        **reference,
        "$defs": definitions,
    }
