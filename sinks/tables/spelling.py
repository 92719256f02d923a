"""How the types of columns are spelled by those who read the archive."""

import pyarrow as pa

_PLAIN = (
    # Arrow, Hive and Glue, QuickSight, in words
    (pa.string(), "string", "STRING", "string"),
    (pa.float64(), "double", "DECIMAL", "double"),
    (pa.timestamp("us", tz="UTC"), "timestamp", "DATETIME", "timestamp in microseconds, UTC"),
    (pa.bool_(), "boolean", "BOOLEAN", "boolean"),
    (pa.int32(), "int", "INTEGER", "int"),
    (pa.int64(), "bigint", "INTEGER", "bigint"),
    (pa.date32(), "date", "DATETIME", "date"),
)
_HIVE = {arrow: hive for arrow, hive, _, _ in _PLAIN}
_QUICKSIGHT = {arrow: quicksight for arrow, _, quicksight, _ in _PLAIN}
_WORDS = {arrow: words for arrow, _, _, words in _PLAIN}


def hive_type(kind: pa.DataType) -> str:
    """Spell a type for Athena's DDL and Glue.

    >>> hive_type(pa.list_(pa.struct([("code", pa.string()), ("contribution", pa.float64())])))
    'array<struct<code:string,contribution:double>>'
    """
    if pa.types.is_list(kind):
        return f"array<{hive_type(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{field.name}:{hive_type(field.type)}' for field in kind)}>"
    return _HIVE[kind]


def quicksight_type(kind: pa.DataType) -> str | None:
    """Spell a type for QuickSight; None for lists and structs, which it does not take."""
    return _QUICKSIGHT.get(kind)


def type_in_words(kind: pa.DataType) -> str:
    """Spell a type for people.

    >>> type_in_words(pa.list_(pa.string()))
    'list of string'
    """
    if pa.types.is_list(kind):
        return f"list of {type_in_words(kind.value_type)}"
    if pa.types.is_struct(kind):
        return f"struct ({', '.join(f'`{field.name}`' for field in kind)})"
    return _WORDS[kind]
