"""Finds the explanation of a payment on the topic, or in the archive, or makes it from the assessment there."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import pyarrow.compute as pc
from pyarrow import ArrowException

from detectors.assessment import DETECTORS, Assessment
from detectors.bundle import Bundle
from detectors.errors import ExplanationFormatError
from detectors.explanation.explain import explain
from detectors.explanation.explanation import Explanation, decode_explanation
from sinks.errors import ArchiveError
from stream.errors import BrokerUnavailable
from stream.settings import Settings
from stream.topics import EXPLAINED
from stream.whole_topic import records_of

NEWEST: Final = 20_000
"""Explanations of a partition that are looked through, the newest; older ones are in the archive."""


def on_topic(settings: Settings, transaction_id: str) -> Explanation | None:
    """Return the newest explanation of a payment that `alerts.explained` holds; None if it holds none.

    Raises BrokerUnavailable.
    """
    # As it stands in the JSON; only what may be it is decoded.
    wanted, found = msgspec.json.encode(transaction_id), None
    try:
        for record in records_of(settings, EXPLAINED, NEWEST):
            value = record.value() or b""
            if isinstance(value, bytes) and wanted in value:
                found = _match(value, transaction_id) or found
    except BrokerUnavailable as error:
        raise BrokerUnavailable(f"{error}; or ask the archive alone with --from archive") from error
    return found


def _match(value: bytes, transaction_id: str) -> Explanation | None:
    try:
        explanation = decode_explanation(value)
    except ExplanationFormatError:  # somebody else's record on our topic explains nothing
        return None
    return explanation if explanation.transaction_id == transaction_id else None


def in_archive(explanations: Any, transaction_id: str) -> Explanation | None:
    """Return the explanation of a payment from the archive's data set of explanations; None if there is none."""
    row = _newest_row(explanations, transaction_id)
    return None if row is None else msgspec.convert(row, Explanation)


def made_from_archive(assessments: Any, transaction_id: str, load: Callable[[], Bundle]) -> Explanation | None:
    """Explain a payment that was assessed and not alerted, with LIME; None if the archive does not hold it."""
    row = _newest_row(assessments, transaction_id)
    if row is None:
        return None
    for group, suffix in (("scores", "score"), ("tails", "tail")):
        row[group] = {detector: row[f"{detector}_{suffix}"] for detector in DETECTORS}
    assessment = msgspec.convert(row, Assessment)
    return explain(assessment, "", load())


def _newest_row(dataset: Any, transaction_id: str) -> dict[str, Any] | None:
    """Return the last archived row of a payment: of several bundles' the latest."""
    try:
        found = dataset.to_table(filter=pc.field("transaction_id") == transaction_id)
    except (OSError, ArrowException) as error:
        raise ArchiveError(f"cannot read the archive: {error}; check endpoint, bucket and credentials") from error
    rows: list[dict[str, Any]] = found.to_pylist()
    return max(rows, key=lambda row: (row["source_partition"], row["source_offset"]), default=None)
