"""Reads one cell of a file as the value of one field, or says in words what would have been right.

The limits are those of `detectors.transaction`: what passes here passes the worker's decoder too.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from detectors.masking import mask, printable
from detectors.transaction import MAX_ID_BYTES
from stream.sources.columns import Options, zone

Reader = Callable[[object], object]
"""Cell -> value of the field; raises CellError."""

IDS = frozenset({"transaction_id", "account_id", "merchant_id", "device_id"})
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_FORMATS = {"epoch_s": 1.0, "epoch_ms": 1000.0}
"""Time formats that count from 1970, and their ticks per second."""

_MAX_TEXT = 256
_SHOWN = 40
_PRIVATE = IDS | {"ip_address"}
_LONG_NUMBER = re.compile(r"\d{9,}|\d(?:[ -]?\d){11,}")
_BOUNDS: dict[str, tuple[float, float]] = {
    "amount": (0, math.inf),
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    "customer_age": (0, 150),
    "duration_s": (0, math.inf),
    "login_attempts": (0, math.inf),
    "account_balance": (-math.inf, math.inf),
}
_WHOLE = frozenset({"customer_age", "login_attempts"})
_LETTERS = {
    "currency": (re.compile("[A-Z]{3}"), "a currency code of three letters, such as USD"),
    "country": (re.compile("[A-Z]{2}"), "a country code of two letters, such as US"),
}


class CellError(ValueError):
    """A cell is not what its field needs; the message continues "<field> <value> ..."."""


def cell_reader(field: str, options: Options) -> Reader:
    """Return what reads one field's cells; text from a CSV and typed values from Parquet are both read."""
    if field == "event_time":
        return _time_reader(options)
    if field in IDS:
        return _read_id
    if field in _LETTERS:
        return _code_reader(*_LETTERS[field])
    if field in _BOUNDS:
        return _number_reader(*_BOUNDS[field], whole=field in _WHOLE)
    return _read_text


def is_absent(cell: object) -> bool:
    """Say whether a cell holds nothing: empty or blank text, a null, or the NaN that pandas writes for a null."""
    if isinstance(cell, str):
        return not cell or cell.isspace()
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def label_of(cell: object) -> str:
    """Return what a label cell says, however it was written down.

    >>> label_of(1.0), label_of(" Fraud "), label_of(True)
    ('1', 'fraud', 'true')
    """
    return str(cell).strip().lower().removesuffix(".0")


def show_cell(field: str, cell: object) -> str:
    """Return a cell as it may be printed: ids and long numbers masked, long text cut, nothing unprintable."""
    text = _as_text(cell)
    if field in _PRIVATE:
        return mask(text)
    text = _LONG_NUMBER.sub(lambda found: mask(found.group()), text)
    return printable(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _as_text(cell: object) -> str:
    # pandas turns whole numbers with gaps into floats: account 12 must not become "12.0".
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "surrogateescape")
    return str(cell)


def _read_id(cell: object) -> str:
    text = (cell if isinstance(cell, str) else _as_text(cell)).strip()
    if len(_utf8(text)) > MAX_ID_BYTES:
        raise CellError(f"is longer than {MAX_ID_BYTES} bytes")
    return text


def _read_text(cell: object) -> str:
    text = (cell if isinstance(cell, str) else _as_text(cell)).strip()
    if not text.isascii():
        _utf8(text)
    if len(text) > _MAX_TEXT:
        raise CellError(f"is longer than {_MAX_TEXT} characters")
    return text


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise CellError("is not UTF-8; save the file as UTF-8") from None


def _code_reader(pattern: re.Pattern[str], right: str) -> Reader:
    def read(cell: object) -> str:
        text = _as_text(cell).strip().upper()
        if not pattern.fullmatch(text):
            raise CellError(f"is not {right}")
        return text

    return read


def _number_reader(low: float, high: float, *, whole: bool) -> Reader:
    def read(cell: object) -> float:
        value = _number(cell)
        if not low <= value <= high:
            raise CellError(_out_of_bounds(low, high))
        if not whole:
            return value
        if not value.is_integer():
            raise CellError("is not a whole number")
        return int(value)

    return read


def _number(cell: object) -> float:
    if isinstance(cell, bool) or (isinstance(cell, str) and "_" in cell):
        raise CellError("is not a number")
    try:
        value = float(cell)  # type: ignore[arg-type]  # what float() does not take is the TypeError below
    except (TypeError, ValueError, OverflowError):
        raise CellError("is not a number; write it as 1234.50, with no sign, space or comma") from None
    if not math.isfinite(value):
        raise CellError("is not a finite number")
    return value


def _out_of_bounds(low: float, high: float) -> str:
    return "is negative" if high == math.inf else f"does not lie between {low:g} and {high:g}"


def _time_reader(options: Options) -> Reader:
    default = None if options.timezone is None else zone(options.timezone)
    parse = _time_parser(options.time_format)

    def read(cell: object) -> datetime:
        value = cell if isinstance(cell, datetime) else parse(cell)
        if value.tzinfo is None:
            value = _in_zone(value, default)
        elif value.tzinfo is not UTC:
            try:
                value = value.astimezone(UTC)
            except OverflowError:
                raise CellError("lies outside the years 1 to 9999") from None
        return value

    return read


def _in_zone(value: datetime, default: tzinfo | None) -> datetime:
    if default is None:
        raise CellError(
            'names no time zone; set timezone = "UTC" (or the zone of the file) under [options] of a column map'
        )
    if default is UTC:
        return value.replace(tzinfo=UTC)
    try:
        return value.replace(tzinfo=default).astimezone(UTC)
    except OverflowError:
        raise CellError("lies outside the years 1 to 9999") from None


def _time_parser(time_format: str | None) -> Callable[[object], datetime]:
    if time_format in EPOCH_FORMATS:
        ticks = EPOCH_FORMATS[time_format]
        return lambda cell: _from_epoch(_number(cell) / ticks)
    if time_format is None:
        return _from_iso

    def parse(cell: object) -> datetime:
        try:
            return datetime.strptime(str(cell).strip(), time_format)
        except ValueError:
            raise CellError(f"does not fit time_format = {time_format!r} of the column map") from None

    return parse


def _from_epoch(seconds: float) -> datetime:
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise CellError("lies outside the years 1 to 9999") from None


def _from_iso(cell: object) -> datetime:
    try:
        return datetime.fromisoformat(str(cell).strip())
    except ValueError:
        raise CellError(
            "is not a time such as 2026-01-05T13:45:00Z; for another format set time_format under [options]"
            " of a column map"
        ) from None
