"""Tables of columns as the documentation shows them."""

from collections.abc import Iterable

from sinks.columns import Column
from sinks.tables.spelling import type_in_words


def columns_table(columns: Iterable[Column]) -> str:
    """Return a Markdown table of names, types and meanings."""
    rows = (f"| `{column.name}` | {type_in_words(column.type)} | {column.meaning} |" for column in columns)
    return "\n".join(("| column | type | meaning |", "|---|---|---|", *rows))
