"""CSV bodies as the JSON documents of payments, so that one decoder judges both. It guesses at nothing."""

import csv
import io
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from detectors.decoding import EXPECTED, PAYMENT, Rejection
from detectors.masking import mask
from serving.sagemaker.refusals import UnreadableBody

NUMBERS: Final = frozenset(
    {"amount", "latitude", "longitude", "customer_age", "duration_s", "login_attempts", "account_balance"}
)
_WORD = re.compile("[A-Za-z_]{1,40}")
_JSON_NUMBER = re.compile(r"-?(0|[1-9]\d{0,30})(\.\d{1,30})?([eE][+-]?\d{1,3})?")


def csv_rows(body: bytes) -> list[bytes | Rejection]:
    """Return each row below the header as JSON, or why it is none. An empty cell is a missing value.

    Raises UnreadableBody where the body is no table, or its header names no payments.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableBody(f"byte 0x{body[error.start]:02x} at position {error.start} is not UTF-8") from error
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(lines)]
        _check(header)
        return [_document(header, cells) for cells in lines if cells]
    except csv.Error as error:
        raise UnreadableBody(f"line {lines.line_num} is not CSV: {error}") from error


def _check(header: Sequence[str]) -> None:
    fields = ", ".join(EXPECTED)
    for name in header:
        if name not in EXPECTED:
            # Without its header a body begins with somebody's payment.
            shown = name if _WORD.fullmatch(name) else mask(name)
            raise UnreadableBody(f"{shown!r} in the first line is no field; there are {fields}")
        if header.count(name) > 1:
            raise UnreadableBody(f"{name} is in the first line twice")
    if missing := [name for name in PAYMENT.required if name not in header]:
        raise UnreadableBody(f"the first line must name the fields; {', '.join(missing)} missing")


def _document(header: Sequence[str], cells: Sequence[str]) -> bytes | Rejection:
    if len(cells) != len(header):
        message = f"the row has {len(cells)} cells, the first line {len(header)}; quote cells that hold a comma"
        return Rejection("MALFORMED_JSON", message)
    given = zip(header, map(str.strip, cells), strict=True)
    return msgspec.json.encode({name: _value(name, cell) for name, cell in given if cell})


def _value(name: str, cell: str) -> str | msgspec.Raw:
    """A number as it is written, anything else as text: the decoder says what is wrong with it."""
    return msgspec.Raw(cell.encode()) if name in NUMBERS and _JSON_NUMBER.fullmatch(cell) else cell
