"""The short way from the assessments topic to the archive's columns: Arrow parses the JSON, outside Python's lock.

It takes what this product writes and refuses everything else, without saying what is wrong with which record: that
is for the long way, one assessment after the other.
"""

from collections.abc import Sequence
from typing import Any, Literal, get_args, get_type_hints

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from detectors.assessment import DETECTORS, Assessment
from sinks.columns import REASON, SPLITS
from sinks.schema import SCHEMA

_READINGS = pa.struct([(detector, pa.float64()) for detector in DETECTORS])
_NESTED = {"scores": _READINGS, "tails": _READINGS, "reasons": pa.list_(REASON), "approximate": SPLITS}
_WIRE = pa.schema([(name, _NESTED.get(name) or SCHEMA.field(name).type) for name in Assessment.__struct_fields__])
"""An assessment as its JSON is nested."""


def _words() -> dict[str, pa.Array]:
    hints = get_type_hints(Assessment)
    return {name: pa.array(get_args(hint)) for name, hint in hints.items() if _is_literal(hint)}


def _is_literal(hint: Any) -> bool:
    return getattr(hint, "__origin__", None) is Literal


def _required() -> tuple[str, ...]:
    return tuple(
        field.name
        for field in msgspec.structs.fields(Assessment)
        if not any(option is type(None) for option in get_args(field.type))
    )


_WORDS = _words()
"""Fields that hold one of a few words, and these."""
_REQUIRED = _required()
"""Fields that are never null."""
_WHOLE = ("reasons", "degraded", "approximate")
"""Lists that hold no null either."""


def parse_columns(values: Sequence[bytes], partition: int, offsets: Sequence[int]) -> pa.Table | None:
    """Return the table of `SCHEMA` for assessments as they came; None if one of them may be none.

    `values`: (n,) JSON; `offsets`: (n,) their positions in `partition`. Equal to decoding and `columnise`.
    """
    # Arrow sees one text: a value that is not exactly one line of it would shift the offsets of those behind.
    text = b"\n".join(values)
    if not values or text.count(b"\n") != len(values) - 1 or not all(value[:1] == b"{" for value in values):
        return None
    try:
        parsed = _parse(text)
        parsed.validate(full=True)
    except pa.ArrowInvalid:
        return None
    if parsed.num_rows != len(values) or not _is_sound(parsed):
        return None
    return _arrange(parsed, partition, offsets)


def _parse(text: bytes) -> pa.Table:
    return pj.read_json(
        pa.BufferReader(text),
        # One block, since a line must not be longer than one.
        read_options=pj.ReadOptions(use_threads=False, block_size=len(text) + 1),
        parse_options=pj.ParseOptions(explicit_schema=_WIRE, unexpected_field_behavior="ignore"),
    ).combine_chunks()


def _is_sound(parsed: pa.Table) -> bool:
    """Tell whether nothing is null that must not be, and words are known ones."""
    if any(parsed[name].null_count for name in _REQUIRED):
        return False
    if any(_has_gaps(parsed[name].combine_chunks().flatten()) for name in _WHOLE):
        return False
    return all(pc.all(pc.is_in(pc.unique(parsed[name]), words)).as_py() for name, words in _WORDS.items())


def _has_gaps(array: pa.Array) -> bool:
    """Tell whether anything is null in an array, at any depth."""
    if array.null_count:
        return True
    if pa.types.is_struct(array.type):
        return any(map(_has_gaps, array.flatten()))
    return pa.types.is_list(array.type) and _has_gaps(array.flatten())


def _arrange(parsed: pa.Table, partition: int, offsets: Sequence[int]) -> pa.Table:
    columns = {name: parsed[name] for name in parsed.column_names if name not in ("scores", "tails")}
    for group, suffix in (("scores", "score"), ("tails", "tail")):
        readings = parsed[group].combine_chunks()
        columns |= {f"{detector}_{suffix}": readings.field(detector) for detector in DETECTORS}
    reasons = columns["reasons"].combine_chunks()
    columns["reason_codes"] = pa.ListArray.from_arrays(reasons.offsets, reasons.values.field("code"))
    columns["source_partition"] = pa.array([partition] * len(offsets), pa.int32())
    columns["source_offset"] = pa.array(offsets, pa.int64())
    return pa.Table.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)
