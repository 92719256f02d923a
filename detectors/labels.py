"""What came out about a payment: labels, as investigators and card schemes send them, late and now and then twice.

The type is the contract of the topic `labels`. A label says when it became known, and nothing may use it earlier.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal, get_args

import msgspec

from detectors.diagnosis import (
    EARLIEST_TIME,
    ID_RULE,
    MAX_RECORD_BYTES,
    TIME_RULE,
    Contract,
    Rejection,
    horizon,
    refuse_size,
    required_fields,
)
from detectors.transaction import Id, Transaction

Disposition = Literal["confirmed_fraud", "false_positive", "inconclusive"]
DISPOSITIONS: tuple[Disposition, ...] = get_args(Disposition)
LabelSource = Literal["chargeback", "analyst", "random_review"]
LABEL_SOURCES: tuple[LabelSource, ...] = get_args(LabelSource)

EXPECTED: Final[dict[str, str]] = {
    "transaction_id": ID_RULE,
    "account_id": ID_RULE,
    "merchant_id": ID_RULE,
    "event_time": TIME_RULE,
    "disposition": "confirmed_fraud, false_positive or inconclusive",
    "source": "chargeback, analyst or random_review",
    "observed_at": f"{TIME_RULE}, and not before event_time",
}
"""What would be right, for every field of a label."""


class Label(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of one payment since `observed_at`. Unknown fields on the wire are ignored."""

    transaction_id: Id
    account_id: Id
    merchant_id: Id
    event_time: Annotated[datetime, msgspec.Meta(tz=True)]
    """When the payment happened, as the payment itself says."""
    disposition: Disposition
    source: LabelSource
    """Where it comes from. Only alerts reach analysts, so what they say is no sample of all payments."""
    observed_at: Annotated[datetime, msgspec.Meta(tz=True)]
    """When it became known; of two labels of one payment the one observed later holds."""


_LABEL = Contract(
    kind="label",
    expected=EXPECTED,
    required=required_fields(Label),
    ids=("transaction_id", "account_id", "merchant_id"),
    times=("event_time", "observed_at"),
    clear=frozenset({"disposition", "source"}),
)

_decoder = msgspec.json.Decoder(Label)


def decode_labels(values: Sequence[bytes | None], timestamps_ms: Sequence[int | None]) -> list[Label | Rejection]:
    """Decode and check records of the topic `labels`, in order.

    `timestamps_ms` are the records' own timestamps; where one is negative or None, the times of the label are not
    held against it.
    """
    future = horizon(timestamps_ms)
    return [_decode(value, stamp, future) for value, stamp in zip(values, timestamps_ms, strict=True)]


def labels_from_truth(
    transactions: Iterable[Transaction], frauds: Mapping[str, bool], delay: timedelta
) -> list[Label]:
    """Return what card holders would have reported: a chargeback for each fraud, known `delay` after it happened.

    `frauds` says by transaction id what is fraud. Genuine payments get no label, as in life.
    """
    return [
        Label(
            transaction_id=transaction.transaction_id,
            account_id=transaction.account_id,
            merchant_id=transaction.merchant_id,
            event_time=transaction.event_time,
            disposition="confirmed_fraud",
            source="chargeback",
            observed_at=transaction.event_time.astimezone(UTC) + delay,
        )
        for transaction in transactions
        if frauds.get(transaction.transaction_id, False)
    ]


def _decode(value: bytes | None, timestamp_ms: int | None, future: datetime) -> Label | Rejection:
    if value is None or len(value) > MAX_RECORD_BYTES:
        return refuse_size(value)
    try:
        label = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _LABEL.explain(value, error)
    return _LABEL.check_ids(label) or _check_times(label, timestamp_ms, future) or label


def _check_times(label: Label, timestamp_ms: int | None, future: datetime) -> Rejection | None:
    event_time, observed_at = label.event_time, label.observed_at
    if EARLIEST_TIME <= event_time <= observed_at < future:
        return None
    wrong = _LABEL.check_time("event_time", event_time, timestamp_ms, "EVENT_TIME_IN_FUTURE")
    wrong = wrong or _LABEL.check_time("observed_at", observed_at, timestamp_ms, "OBSERVED_IN_FUTURE")
    if wrong is None and observed_at < event_time:
        shown = f"{observed_at.isoformat()}, before the event_time {event_time.isoformat()}"
        return _LABEL.invalid("observed_at", shown)
    return wrong
