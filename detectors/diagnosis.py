"""Says in plain words what is wrong with a record, by looking at it a second time, slowly; it never raises.

What payments and labels share: reasons, limits and the wording. Messages tell the field, the value and what would
be right; identifying values are masked.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from detectors.masking import mask, printable
from detectors.transaction import MAX_ID_BYTES

RejectionReason = Literal[
    "MALFORMED_JSON",
    "MISSING_FIELD",
    "INVALID_FIELD",
    "EVENT_TIME_IN_FUTURE",
    "OBSERVED_IN_FUTURE",
    "TOO_LARGE",
    "KPL_AGGREGATED",
    "CONFLICTING_DUPLICATE",
    "INTERNAL_ERROR",
]
FutureReason = Literal["EVENT_TIME_IN_FUTURE", "OBSERVED_IN_FUTURE"]

MAX_RECORD_BYTES: Final = 256 * 1024
FUTURE_TOLERANCE_S: Final = 600
"""How far a time may lie past its record's timestamp: clocks differ, but a day would poison windows."""
EARLIEST_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_TIME: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""Bounds that hold even for a record without a timestamp: nanoseconds since 1970 must fit 64 bits (until 2262)."""

ID_RULE = f"text of 1 to {MAX_ID_BYTES} bytes in UTF-8, not blank, without control characters"
TIME_RULE = "an RFC 3339 time with a zone between 1970 and 2199, such as 2026-11-22T09:30:00Z"

# Shorter than any card or account number that could have slipped into the wrong field.
_CLEAR_DIGITS, _CLEAR_CHARACTERS = 11, 6
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?!\d)[\dTtZz :.+-]{0,25}")
_PATH = re.compile(r" - at `\$\.(\w+)")


class Rejection(msgspec.Struct, frozen=True):
    """Why a record is not one that can be used."""

    reason: RejectionReason
    message: str
    """One line for the producer, safe to log."""
    field: str | None = None
    """The field at fault, where one is."""
    traceback: str | None = None
    """Of an INTERNAL_ERROR; it may quote the data, so it goes to the dead letter and not to a log."""


class _Number(str):
    """A number as the producer wrote it, `NaN` and `1e999` included."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """What one kind of record must be, as its producers are told."""

    kind: str
    """Its name in a sentence."""
    expected: Mapping[str, str]
    """What would be right, for every field."""
    required: tuple[str, ...]
    ids: tuple[str, ...]
    times: tuple[str, ...]
    clear: frozenset[str]
    """Numbers and codes, which are shown whole where they are short."""

    def explain(self, value: bytes, error: Exception) -> Rejection:
        """Say why a value could not be decoded, when decoding it raised `error`."""
        if not value:
            return _malformed("the record's value is empty")
        try:
            text = value.decode()
        except UnicodeDecodeError as broken:
            return _malformed(f"byte 0x{value[broken.start]:02x} at position {broken.start} is not UTF-8")
        if text.startswith("\ufeff"):
            return _malformed("the record starts with a byte order mark, which JSON does not allow")
        if isinstance(error, RecursionError):
            return _malformed("the JSON is nested too deep")
        content = _look_again(text)
        if isinstance(error, msgspec.ValidationError):
            return self._explain_field(content, str(error))
        if isinstance(content, dict):
            for field in self.expected:
                number = content.get(field)
                if isinstance(number, _Number) and number in ("NaN", "Infinity", "-Infinity"):
                    return self.invalid(field, f"{number}, which is not JSON")
        if str(error) == "Input data was truncated":
            return _malformed(f"the JSON breaks off at its end, after {len(value):,} bytes")
        return _malformed(f"the record is not JSON: {str(error).removeprefix('JSON is malformed: ')}")

    def check_ids(self, record: msgspec.Struct) -> Rejection | None:
        """Refuse ids that are too long in UTF-8, blank, or hold control characters."""
        for field in self.ids:
            value: str | None = getattr(record, field)
            if value is None:
                continue
            size = len(value.encode())
            if size > MAX_ID_BYTES:
                return self.invalid(field, f"{size} bytes long ({mask(value)})")
            if value.isspace():
                return self.invalid(field, "blank")
            if not value.isprintable():
                return self.invalid(field, f'the text "{mask(value)}" with a control character')
        return None

    def check_time(
        self, field: str, time: datetime, timestamp_ms: int | None, reason: FutureReason
    ) -> Rejection | None:
        """Refuse a time that lies in its record's future, or outside the centuries that can be reckoned with."""
        if timestamp_ms is not None and timestamp_ms >= 0:
            ahead_s = time.timestamp() - timestamp_ms / 1000
            if ahead_s > FUTURE_TOLERANCE_S:
                message = (
                    f"{field} is {time.isoformat()}, {ahead_s:,.0f} s after the record's timestamp; at most"
                    f" {FUTURE_TOLERANCE_S} s are accepted: check the producer's clock and zone"
                )
                return Rejection(reason, message, field)
        if not EARLIEST_TIME <= time < LATEST_TIME:
            return self.invalid(field, time.isoformat())
        return None

    def invalid(self, field: str, shown: str) -> Rejection:
        """Refuse a field's value, with what would be right."""
        return Rejection("INVALID_FIELD", f"{field} is {shown}; it must be {self.expected[field]}", field)

    def _explain_field(self, content: Any, detail: str) -> Rejection:
        path = _PATH.search(detail)
        if not isinstance(content, dict) or (path is None and "missing required" not in detail):
            return _malformed(f"the record is {_describe(content)} where a {self.kind} should be")
        if path is None or (path[1] in self.required and content.get(path[1]) is None):
            return self._missing(content)
        field = path[1]
        shown = self._show(field, content.get(field))
        if "timezone" in detail:
            shown += ", without a zone"
        return self.invalid(field, shown)

    def _missing(self, content: dict[str, Any]) -> Rejection:
        absent = [field for field in self.required if content.get(field) is None]
        states = ", ".join(f"{field} is {'null' if field in content else 'missing'}" for field in absent)
        subject = "it" if len(absent) == 1 else absent[0]
        return Rejection("MISSING_FIELD", f"{states}; {subject} must be {self.expected[absent[0]]}", absent[0])

    def _show(self, field: str, content: Any) -> str:
        if not isinstance(content, str):
            return _describe(content)
        kind = "the number" if isinstance(content, _Number) else "the text"
        quote = "" if isinstance(content, _Number) else '"'
        long = f" ({len(content)} characters)" if len(content) > MAX_ID_BYTES else ""
        return f"{kind} {quote}{self._veil(field, content)}{quote}{long}" if content else "empty text"

    def _veil(self, field: str, content: str) -> str:
        if field in self.times and _DATE.fullmatch(content):
            return str(content)
        clear = _CLEAR_DIGITS if isinstance(content, _Number) else _CLEAR_CHARACTERS
        if field in self.clear and len(content) <= clear:
            return printable(content)
        return mask(content)


def horizon(timestamps_ms: Sequence[int | None]) -> datetime:
    """The first moment that could lie in the future of one of these records: one comparison clears most times."""
    known = [timestamp_ms for timestamp_ms in timestamps_ms if timestamp_ms is not None and timestamp_ms >= 0]
    if not known:
        return LATEST_TIME
    return datetime.fromtimestamp(min(LATEST_TIME.timestamp(), min(known) / 1000 + FUTURE_TOLERANCE_S), UTC)


def refuse_size(value: bytes | None) -> Rejection:
    """Say why a record without a value, or with a giant one, is not even looked at."""
    if value is None:
        return Rejection("MALFORMED_JSON", "the record has no value; send one JSON object per record")
    message = f"the record has {len(value):,} bytes; at most {MAX_RECORD_BYTES:,} are accepted"
    return Rejection("TOO_LARGE", message)


def required_fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Name the fields that a record of this kind cannot do without."""
    return tuple(field.encode_name for field in msgspec.structs.fields(kind) if field.required)


def _malformed(what: str) -> Rejection:
    return Rejection("MALFORMED_JSON", f"{what}; send one JSON object per record, in UTF-8")


def _look_again(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_Number, parse_int=_Number, parse_constant=_Number)
    except (ValueError, RecursionError):
        return None


def _describe(content: Any) -> str:
    match content:
        case None:
            return "null"
        case bool():
            return "true" if content else "false"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _Number():
            return "a number"
    return "a text"
