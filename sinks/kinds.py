"""What the archive keeps, assessments and explanations: the folder of each, its columns, how they are filled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa

from detectors.assessment import Assessment
from detectors.explanation.explanation import Explanation
from sinks.columns import EXPLANATION_COLUMNS, SCHEMA_VERSION
from sinks.json_columns import parse_columns
from sinks.schema import SCHEMA, columnise

Columnise = Callable[[Sequence[Any], int, Sequence[int]], pa.Table]
"""Makes a table of records, their partition and their offsets."""


@dataclass(frozen=True)
class Kind:
    """One kind of record of which each is a row."""

    name: str
    """What one record is, with its article."""
    folder: str
    schema: pa.Schema
    identity: str
    """The column by which copies are told."""
    repetitive: tuple[str, ...]
    """Columns that are worth a dictionary. Of the others one would be made, and thrown away."""
    decode: Callable[[bytes], Any]
    columnise: Columnise
    parse: Callable[[Sequence[bytes], int, Sequence[int]], pa.Table | None] = lambda *_: None
    """A shorter way that gives the same table, or None where it gives up."""


EXPLANATION_SCHEMA = pa.schema(
    [(column.name, column.type) for column in EXPLANATION_COLUMNS], metadata={"schema_version": SCHEMA_VERSION}
)
"""One row per explanation. `source_*` is its position in the topic of explanations."""


def _columnise_explanations(
    explanations: Sequence[Explanation], partition: int, offsets: Sequence[int]
) -> pa.Table:
    rows = [
        msgspec.to_builtins(each, builtin_types=(datetime,))
        | {"source_partition": partition, "source_offset": offset}
        for each, offset in zip(explanations, offsets, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=EXPLANATION_SCHEMA)


ASSESSMENT = Kind(
    name="an assessment",
    folder="assessments",
    schema=SCHEMA,
    identity="assessment_id",
    repetitive=(
        "account_id",
        "merchant_id",
        "currency",
        "transaction_type",
        "channel",
        "location",
        "country",
        "ip_country",
        "score_kind",
        "risk_level",
        "recommended_action",
        "alert",
        "maturity",
        "bundle_version",
        "feature_version",
    ),
    decode=msgspec.json.Decoder(Assessment).decode,
    columnise=columnise,
    parse=parse_columns,
)
EXPLANATION = Kind(
    name="an explanation",
    folder="explanations",
    schema=EXPLANATION_SCHEMA,
    identity="explanation_id",
    repetitive=("account_id", "score_kind", "risk_level", "bundle_version", "feature_version", "method"),
    decode=msgspec.json.Decoder(Explanation).decode,
    columnise=_columnise_explanations,
)
