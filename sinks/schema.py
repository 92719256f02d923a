"""How a list of assessments becomes an Arrow table of the columns that `sinks/columns.py` describes."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from detectors.assessment import DETECTORS, Assessment, Readings, Reason
from sinks.columns import COLUMNS, REASON, SCHEMA_VERSION, SPLITS

SCHEMA = pa.schema([(column.name, column.type) for column in COLUMNS], metadata={"schema_version": SCHEMA_VERSION})
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
        "approximate": pa.array(msgspec.to_builtins(values.pop("approximate")), SPLITS),
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
