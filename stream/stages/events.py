"""Reads what the first stages wrote to `transactions.enriched`: payments, labels and time marks."""

from collections.abc import Callable, Sequence

import msgspec
from aiokafka.structs import ConsumerRecord

from detectors.diagnosis import Rejection
from detectors.events import Event, TimeMark
from detectors.labels import Label
from detectors.transaction import EnrichedTransaction
from stream.headers import KIND, LABEL_KIND, TIME_KIND, find

UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError)
"""What msgspec raises for bytes that are no enriched transaction, label or time mark."""

Rejected = tuple[ConsumerRecord, Rejection]

_decode = msgspec.json.Decoder(EnrichedTransaction).decode
_decode_kind: dict[bytes, Callable[[bytes], Event]] = {
    LABEL_KIND: msgspec.json.Decoder(Label).decode,
    TIME_KIND: msgspec.json.Decoder(TimeMark).decode,
}


def decode_events(
    records: Sequence[ConsumerRecord],
) -> tuple[list[ConsumerRecord], list[Event], list[Rejected]]:
    """Return the records that decode, their events, and those that somebody else must have written."""
    try:
        return list(records), [_decode_event(record) for record in records], []
    except UNDECODABLE:
        good: list[ConsumerRecord] = []
        events: list[Event] = []
        rejected: list[Rejected] = []
    for record in records:
        try:
            events.append(_decode_event(record))
        except UNDECODABLE as error:
            told = f"neither an enriched transaction nor a label or time mark: {error}"
            rejected.append((record, Rejection("MALFORMED_JSON", told, None)))
        else:
            good.append(record)
    return good, events, rejected


def _decode_event(record: ConsumerRecord) -> Event:
    kind = find(record.headers, KIND)
    if kind is None:
        return _decode(record.value)
    decode = _decode_kind.get(kind)
    if decode is None:
        raise msgspec.DecodeError(f"the header `{KIND}` says {kind!r}")
    return decode(record.value)
