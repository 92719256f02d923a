"""What comes in and what goes out of an invocation: JSON, JSON lines and CSV, by media type."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

import msgspec

from detectors.assessment import DETECTORS, Assessment
from detectors.decoding import Rejection
from serving.sagemaker.csv_rows import csv_rows
from serving.sagemaker.refusals import UnacceptableType, UnreadableBody, UnsupportedType

JSON: Final = "application/json"
JSON_LINES: Final = "application/jsonlines"
CSV: Final = "text/csv"
MEDIA_TYPES: Final = (JSON, JSON_LINES, CSV)
_OURS: Final = ", ".join(MEDIA_TYPES)
ALIASES: Final = dict.fromkeys(
    ("application/x-ndjson", "application/jsonl", "application/x-jsonlines"), JSON_LINES
)
"""Other names that JSON lines go by."""


@dataclass(frozen=True, slots=True)
class Document:
    """One row of a request, undecoded, or why it is no row."""

    number: int
    """As people count: of a list the place from 1, of lines the line, of a CSV the row below its header."""
    content: bytes | Rejection


@dataclass(frozen=True, slots=True)
class Documents:
    """The rows of a request."""

    rows: Sequence[Document]
    single: bool = False
    """It was one JSON object, so that one object is the answer."""


def split_body(body: bytes, media_type: str) -> Documents:
    """Take a body apart into rows. Raises UnsupportedType, and UnreadableBody where it has no rows."""
    known = ALIASES.get(media_type, media_type)
    if known not in MEDIA_TYPES:
        raise UnsupportedType(f"Content-Type is {media_type or 'missing'}; it must be one of {_OURS}")
    if not body.strip():
        raise UnreadableBody("the body is empty; send one row or more")
    return _SPLIT[known](body)


def _split_json(body: bytes) -> Documents:
    try:
        if body.lstrip()[:1] == b"[":
            values = msgspec.json.decode(body, type=list[msgspec.Raw])
            return Documents([Document(at, bytes(value)) for at, value in enumerate(values, 1)])
        return Documents([Document(1, bytes(msgspec.json.decode(body, type=msgspec.Raw)))], single=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBody(f"the body is not JSON: {error}; send one object or a list of objects") from error


def _split_lines(body: bytes) -> Documents:
    return Documents([Document(at, line) for at, line in enumerate(body.split(b"\n"), 1) if line.strip()])


def _split_csv(body: bytes) -> Documents:
    return Documents([Document(at, row) for at, row in enumerate(csv_rows(body), 1)])


_SPLIT: Final[dict[str, Callable[[bytes], Documents]]] = {
    JSON: _split_json,
    JSON_LINES: _split_lines,
    CSV: _split_csv,
}


def choose_type(accept: str | None, media_type: str) -> str:
    """Return the media type of the answer: what Accept likes best, else that of the request.

    Raises UnacceptableType where none of ours is accepted.

    >>> choose_type("text/html, application/json;q=0.5", "text/csv")
    'application/json'
    """
    own = ALIASES.get(media_type, media_type)
    wishes = [_wish(part) for part in (accept or "*/*").split(",") if part.strip()]
    for wish, quality in sorted(wishes, key=lambda each: -each[1]):
        fitting = [kind for kind in (own, *MEDIA_TYPES) if _fits(kind, wish)]
        if quality > 0.0 and fitting:
            return fitting[0]
    raise UnacceptableType(
        f"Accept is {accept!r:.80}; there are {', '.join(MEDIA_TYPES[:-1])} and {MEDIA_TYPES[-1]}"
    )


def _wish(part: str) -> tuple[str, float]:
    """A media type of an Accept header, and how much it is wished for."""
    kind, *parameters = (each.strip().lower() for each in part.split(";"))
    quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    try:
        return ALIASES.get(kind, kind), float(quality)
    except ValueError:
        return kind, 0.0


def _fits(kind: str, wish: str) -> bool:
    return wish in ("*/*", kind) or (wish.endswith("/*") and kind.startswith(wish[:-1]))


def join_answer(assessments: Sequence[Assessment], media_type: str, *, single: bool) -> bytes:
    """Return the body of an answer, rows in order."""
    if media_type == CSV:
        return _csv(assessments)
    if media_type == JSON_LINES:
        return b"".join(msgspec.json.encode(each) + b"\n" for each in assessments)
    return msgspec.json.encode(assessments[0] if single else assessments)


_NESTED: Final = frozenset({"scores", "tails", "reasons", "features", "approximate"})
_COLUMNS: Final[dict[str, Callable[[Assessment], Any]]] = {
    **{name: attrgetter(name) for name in Assessment.__struct_fields__ if name not in _NESTED},
    **{f"{name}_score": attrgetter(f"scores.{name}") for name in DETECTORS},
    **{f"{name}_tail": attrgetter(f"tails.{name}") for name in DETECTORS},
    "reason_codes": lambda each: tuple(reason.code for reason in each.reasons),
}
"""The flat part of an assessment, named as in the archive; lists of words are joined by spaces."""


def _csv(assessments: Sequence[Assessment]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([_cell(read(each)) for read in _COLUMNS.values()] for each in assessments)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    match value:
        case bool() | None:
            return {True: "true", False: "false", None: ""}[value]
        case float():
            return repr(value)
        case tuple():
            return " ".join(value)
        case _ if hasattr(value, "isoformat"):
            return value.isoformat().replace("+00:00", "Z")
        case _:
            return value
