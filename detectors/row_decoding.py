"""Turns bytes into feature rows, or says in plain words why they are none; bad data never raises here.

What passes can be scored without overflow, whoever made it.
"""

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Any, Final

import msgspec

from detectors.decoding import EXPECTED as EXPECTED_OF_PAYMENT
from detectors.decoding import IDS, PAYMENT
from detectors.diagnosis import EARLIEST_TIME, LATEST_TIME, Contract, Rejection, required_fields
from detectors.feature_rows import LARGEST_DAYS, LARGEST_DEVIATION, FeatureRow
from detectors.features import FEATURE_VERSION, FEATURES
from detectors.masking import printable
from detectors.numerics import NUMERICS
from detectors.transaction import EnrichedTransaction

LARGEST: Final = 100.0
"""Of features that are no deviations, mostly logarithms, and of habits in logarithms: nothing reaches e^100."""
LARGEST_ROW: Final = 64 * 1024
"""Bytes; a row has about two thousand."""

_COUNTS = "each three whole numbers, for 1, 7 and 30 days"
EXPECTED: Final[dict[str, str]] = {
    "feature_version": f'"{FEATURE_VERSION}"',
    "transaction": "an enriched transaction, as on the topic transactions.enriched",
    "features": f"a list of {len(FEATURES)} numbers or nulls, in the order of docs/features.md",
    "payments": "a whole number from 0 to 2^53, the payments of the account known before",
    "late": "true or false",
    "amount": "a number from 0 to 1e15 in base currency, or null",
    "days": f"a number from -{LARGEST_DAYS:g} to {LARGEST_DAYS:g}",
    "habits": f"a list of {len(NUMERICS)}, each null or [count, mean, sum of squares]",
    "approximate": "true or false",
    "merchant": f"an object with known (true or false), and payments, deviations, exposed, frauds ({_COUNTS})",
    "alert": "null or [seconds since 1970, level, list of reason codes]",
}
"""What would be right, for every field of a row."""

_ROW = Contract(
    kind="feature row",
    expected=EXPECTED,
    required=required_fields(FeatureRow),
    ids=(),
    times=(),
    clear=frozenset({"feature_version", "payments", "late", "amount", "days", "approximate"}),
)
_ENRICHED = Contract(
    kind="transaction",
    expected=EXPECTED_OF_PAYMENT
    | dict.fromkeys(
        (name for name in EnrichedTransaction.__struct_fields__ if name not in EXPECTED_OF_PAYMENT),
        "as enrichment makes it, or left out",
    ),
    required=PAYMENT.required,
    ids=IDS,
    times=PAYMENT.times,
    clear=PAYMENT.clear,
)
_DEVIATIONS = tuple("_z" in name for name in FEATURES)
_LOGARITHMS = tuple(name.startswith("log_") for name in NUMERICS)
_PLACE = re.compile(r"at `\$\.features\[(\d+)\]`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")


class _Head(msgspec.Struct):
    """The parts of a document that tell what is wrong with the rest."""

    feature_version: Any = None
    transaction: msgspec.Raw = msgspec.Raw(b"")
    features: Any = None


_decoder = msgspec.json.Decoder(FeatureRow)
_head_decoder = msgspec.json.Decoder(_Head)
_enriched_decoder = msgspec.json.Decoder(EnrichedTransaction)


def decode_rows(values: Sequence[bytes | msgspec.Raw]) -> list[FeatureRow | Rejection]:
    """Decode and check documents of feature rows, in order."""
    return [decode_row(value) for value in values]


def decode_row(value: bytes | msgspec.Raw) -> FeatureRow | Rejection:
    """Decode and check one document; a row of another feature version is refused, naming both."""
    if len(memoryview(value)) > LARGEST_ROW:
        message = f"the row has {len(memoryview(value)):,} bytes; at most {LARGEST_ROW:,} are accepted"
        return Rejection("TOO_LARGE", message)
    try:
        row = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _explain(bytes(value), error)
    if row.feature_version != FEATURE_VERSION:
        return _other_version(row.feature_version)
    if wrong := _check_features(row) or _check_habits(row) or _check_payment(row.transaction):
        return wrong
    return _in_utc(row)


def _in_utc(row: FeatureRow) -> FeatureRow:
    event_time = row.transaction.event_time
    if event_time.tzinfo is UTC:
        return row
    moved = msgspec.structs.replace(row.transaction, event_time=event_time.astimezone(UTC))
    return msgspec.structs.replace(row, transaction=moved)


def _explain(value: bytes, error: Exception) -> Rejection:
    """Say why a document could not be decoded."""
    try:
        head = _head_decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _ROW.explain(value, error)
    if head.feature_version is not None and head.feature_version != FEATURE_VERSION:
        return _other_version(head.feature_version)
    detail = str(error)
    if "$.transaction" in detail and not detail.startswith("Expected `object`"):
        return _explain_payment(bytes(head.transaction))
    if unknown := _UNKNOWN.search(detail):
        known = "known, payments, deviations, exposed, frauds" if "$.merchant" in detail else ", ".join(EXPECTED)
        message = f"{printable(unknown[1][:40])} is no field of a feature row; there are {known}"
        return Rejection("INVALID_FIELD", message, "merchant" if "$.merchant" in detail else None)
    if (place := _PLACE.search(detail)) and int(place[1]) < len(FEATURES):
        return _wrong_feature(int(place[1]), _shown(head.features[int(place[1])]))
    return _ROW.explain(value, error)


def _explain_payment(value: bytes) -> Rejection:
    """Say what is wrong with the transaction inside a row."""
    try:
        _enriched_decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _inside(_ENRICHED.explain(value, error))
    return _ROW.invalid("transaction", "not readable")


def _inside(found: Rejection) -> Rejection:
    field = "transaction" if found.field is None else f"transaction.{found.field}"
    return Rejection(found.reason, f"in transaction: {found.message}", field)


def _other_version(found: object) -> Rejection:
    message = (
        f"feature_version is {_shown(found)}, and {FEATURE_VERSION} is what can be scored here: make the row with"
        " the release that trained the bundle, or deploy a bundle and an image of the row's version"
    )
    return Rejection("INVALID_FIELD", message, "feature_version")


def _shown(value: object) -> str:
    match value:
        case bool() | None:
            return str(msgspec.json.encode(value), "utf-8")
        case str():
            return f'"{printable(value[:8])}"'
        case int() | float():
            return f"{value:.6g}" if abs(value) < LARGEST_DEVIATION**9 else "a giant number"
        case _:
            return "no number"


def _check_features(row: FeatureRow) -> Rejection | None:
    count = len(row.features)
    if count != len(FEATURES):
        return _ROW.invalid("features", f"a list of {count}")
    for at, (value, is_deviation) in enumerate(zip(row.features, _DEVIATIONS, strict=True)):
        if value is not None and not is_deviation and not -LARGEST <= value <= LARGEST:
            return _wrong_feature(at, _shown(value))
    return None


def _wrong_feature(at: int, shown: str) -> Rejection:
    most = LARGEST_DEVIATION if _DEVIATIONS[at] else LARGEST
    message = (
        f"features[{at}] ({FEATURES[at]}) is {shown}; it must be a number from -{most:g} to {most:g}, or null"
    )
    return Rejection("INVALID_FIELD", message, f"features[{at}]")


def _check_habits(row: FeatureRow) -> Rejection | None:
    if len(row.habits) != len(NUMERICS):
        return _ROW.invalid("habits", f"a list of {len(row.habits)}")
    for name, habit, is_logarithm in zip(NUMERICS, row.habits, _LOGARITHMS, strict=True):
        most = LARGEST if is_logarithm else LARGEST_DEVIATION
        if habit is not None and not (
            0 < habit.count < 2**53 and abs(habit.mean) <= most and habit.squares >= 0.0
        ):
            wrong = f"[{', '.join(map(_shown, (habit.count, habit.mean, habit.squares)))}] for {name}"
            right = f"a count of 1 or more, a mean from -{most:g} to {most:g} and a sum of squares of 0 or more"
            return Rejection("INVALID_FIELD", f"habits holds {wrong}; it must be {right}", "habits")
    return None


def _check_payment(payment: EnrichedTransaction) -> Rejection | None:
    wrong = _ENRICHED.check_ids(payment)
    if wrong is None and not EARLIEST_TIME <= payment.event_time < LATEST_TIME:
        wrong = _ENRICHED.invalid("event_time", payment.event_time.isoformat())
    return None if wrong is None else _inside(wrong)
