"""The columns of the archive: how a list of assessments becomes an Arrow table.

Columns are only ever added; a reader fills the ones that an older object lacks with null.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from detectors.assessment import DETECTORS, Assessment, Readings, Reason

SCHEMA_VERSION = "1"
"""In every object's metadata as `schema_version`; raised when the meaning of a column changes."""

REASON = pa.struct([("code", pa.string()), ("contribution", pa.float64()), ("text", pa.string())])

SCHEMA = pa.schema(
    [
        ("assessment_id", pa.string()),
        ("transaction_id", pa.string()),
        ("account_id", pa.string()),
        ("merchant_id", pa.string()),
        ("event_time", pa.timestamp("us", tz="UTC")),
        ("amount", pa.float64()),
        ("currency", pa.string()),
        ("transaction_type", pa.string()),
        ("channel", pa.string()),
        ("location", pa.string()),
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
        ("country", pa.string()),
        ("ip_country", pa.string()),
        ("fraud_risk_score", pa.float64()),
        ("score_kind", pa.string()),
        ("risk_level", pa.string()),
        ("recommended_action", pa.string()),
        ("alert", pa.string()),
        ("maturity", pa.string()),
        *((f"{detector}_score", pa.float64()) for detector in DETECTORS),
        *((f"{detector}_tail", pa.float64()) for detector in DETECTORS),
        ("statistic", pa.float64()),
        ("baseline", pa.float64()),
        ("other", pa.float64()),
        ("reason_codes", pa.list_(pa.string())),
        ("reasons", pa.list_(REASON)),
        ("features", pa.list_(pa.float64())),
        ("degraded", pa.list_(pa.string())),
        ("late", pa.bool_()),
        ("backfill", pa.bool_()),
        ("provisional", pa.bool_()),
        ("bundle_version", pa.string()),
        ("feature_version", pa.string()),
        ("source_partition", pa.int32()),
        ("source_offset", pa.int64()),
    ],
    metadata={"schema_version": SCHEMA_VERSION},
)
"""One row per assessment. `source_*` is its position in the assessments topic."""

_MICROSECONDS_A_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1).toordinal()


def columnise(assessments: Sequence[Assessment], partition: int, offsets: Sequence[int]) -> pa.Table:
    """Return the table of `SCHEMA` with one row per assessment, in the order given.

    `offsets`: (n,) positions of the assessments in `partition`.
    """
    values = _fields(assessments, Assessment)
    scores, tails = _fields(values.pop("scores"), Readings), _fields(values.pop("tails"), Readings)
    codes, reasons = _reasons(values.pop("reasons"))
    nested = {
        "reason_codes": codes,
        "reasons": reasons,
        "features": _lists(values.pop("features"), pa.float64()),
        "degraded": _lists(values.pop("degraded"), pa.string()),
    }
    flat = {
        **values,
        **{f"{detector}_score": scores[detector] for detector in DETECTORS},
        **{f"{detector}_tail": tails[detector] for detector in DETECTORS},
        "source_partition": [partition] * len(assessments),
        "source_offset": offsets,
    }
    arrays = nested | {name: pa.array(column, SCHEMA.field(name).type) for name, column in flat.items()}
    return pa.Table.from_arrays([arrays[name] for name in SCHEMA.names], schema=SCHEMA)


def by_event_date(table: pa.Table) -> list[tuple[date, pa.Table]]:
    """Split a table of `SCHEMA` by the UTC date of `event_time`: ascending dates, rows in their order."""
    days = table["event_time"].cast(pa.int64()).to_numpy() // _MICROSECONDS_A_DAY
    found, counts = np.unique(days, return_counts=True)
    if len(found) > 1:
        table = table.take(pa.array(np.argsort(days, kind="stable")))
    starts = accumulate(counts.tolist(), initial=0)
    return [
        (date.fromordinal(_EPOCH + day), table.slice(start, count))
        for day, start, count in zip(found.tolist(), starts, counts.tolist(), strict=False)
    ]


def _fields(structs: Sequence[msgspec.Struct], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Transpose structs of type `kind` to a list of values per field."""
    return {name: list(map(attrgetter(name), structs)) for name in kind.__struct_fields__}


def _lists(rows: Iterable[Sequence[Any]], kind: Any) -> Any:
    """Build a list column of element type `kind`; flat, which is several times faster than row by row."""
    rows = list(rows)
    return pa.ListArray.from_arrays(_borders(rows), pa.array(list(chain.from_iterable(rows)), kind))


def _reasons(rows: Sequence[Sequence[msgspec.Struct]]) -> tuple[Any, Any]:
    """Return the columns `reason_codes` and `reasons`, which share their codes."""
    flat = list(chain.from_iterable(rows))
    values = _fields(flat, Reason)
    parts = [pa.array(values[field.name], field.type) for field in REASON]
    borders = _borders(rows)
    structs = pa.StructArray.from_arrays(parts, fields=list(REASON))
    return pa.ListArray.from_arrays(borders, parts[0]), pa.ListArray.from_arrays(borders, structs)


def _borders(rows: Iterable[Sequence[Any]]) -> Any:
    return pa.array(list(accumulate(map(len, rows), initial=0)), pa.int32())
