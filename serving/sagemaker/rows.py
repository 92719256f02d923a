"""Tells feature rows from bare payments and decodes both; all rows of a request are good, or it is refused."""

from collections.abc import Sequence

import msgspec

from detectors.decoding import Rejection, decode_transactions
from detectors.feature_rows import FeatureRow
from detectors.row_decoding import decode_row
from detectors.transaction import Transaction
from serving.sagemaker.formats import Document
from serving.sagemaker.refusals import RowsRefused


class _Marks(msgspec.Struct):
    """The fields that only a feature row has."""

    feature_version: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    features: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_marks = msgspec.json.Decoder(_Marks)


def decode_documents(documents: Sequence[Document], now_ms: int) -> list[FeatureRow | Transaction]:
    """Decode the rows of a request, in order; a bare payment must not lie in the future of `now_ms`.

    Raises RowsRefused, which names every row that is wrong.
    """
    decoded = [_decode(document.content, now_ms) for document in documents]
    rejected = [
        (document.number, found)
        for document, found in zip(documents, decoded, strict=True)
        if isinstance(found, Rejection)
    ]
    if rejected:
        raise RowsRefused(rejected, len(documents))
    return [found for found in decoded if not isinstance(found, Rejection)]


def _decode(content: bytes | Rejection, now_ms: int) -> FeatureRow | Transaction | Rejection:
    if isinstance(content, Rejection):
        return content
    row = decode_row(content)
    if isinstance(row, FeatureRow) or _is_row(content):
        return row
    return decode_transactions([content], [now_ms])[0]


def _is_row(content: bytes) -> bool:
    """Whether a document that is no valid row was meant as one."""
    try:
        marks = _marks.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return not (marks.feature_version is msgspec.UNSET and marks.features is msgspec.UNSET)
