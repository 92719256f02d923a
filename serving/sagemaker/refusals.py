"""Why an invocation is refused: each refusal knows its HTTP status and what to tell the caller.

Refusal
 ├── UnreadableBody     400  the body has no rows
 ├── RowsRefused        400  rows that cannot be scored, each by number and field
 ├── UnacceptableType   406  no media type of ours is accepted
 ├── BodyTooLarge       413
 ├── UnsupportedType    415  the body is of a media type that is not ours
 └── NotReady           503  the bundle is not there yet, or broken
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import msgspec

from detectors.decoding import Rejection
from serving.errors import ServingError

SHOWN: Final = 20
"""Rows that a refusal lists; the others are counted."""


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with one row."""

    row: int
    """As people count, see `formats.Document`."""
    field: str | None
    message: str
    """Says what would be right; ids are masked."""


class Refusal(ServingError):
    """An invocation that is not answered with assessments."""

    status: HTTPStatus = HTTPStatus.BAD_REQUEST

    def body(self) -> bytes:
        """Return what the caller is told, as JSON."""
        return msgspec.json.encode({"error": str(self)})


class UnreadableBody(Refusal):
    """A body that cannot be taken apart into rows."""


class UnacceptableType(Refusal):
    """The caller wants an answer of a media type that there is not."""

    status = HTTPStatus.NOT_ACCEPTABLE


class BodyTooLarge(Refusal):
    """A body over the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedType(Refusal):
    """A body of a media type that is not known here."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class NotReady(Refusal):
    """There is no bundle to score with."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class RowsRefused(Refusal):
    """Some rows cannot be scored, so none is: half an answer would be taken for a whole one."""

    def __init__(self, rejected: Sequence[tuple[int, Rejection]], total: int) -> None:
        super().__init__(f"{len(rejected)} of {total} rows cannot be scored, so none was: mend or leave them out")
        self.faults = [Fault(number, found.field, found.message) for number, found in rejected]

    def body(self) -> bytes:
        """Return the first `SHOWN` rows and the number of all others."""
        rows = self.faults[:SHOWN]
        return msgspec.json.encode({"error": str(self), "rows": rows, "more": len(self.faults) - len(rows)})
