"""Reads a file that says of payments whether they were fraud."""

import csv
from pathlib import Path

from stream.errors import StreamError
from stream.sources.columns import POSITIVE


class LabelsError(StreamError):
    """A file that should hold labels holds none."""


def read_labels(path: Path) -> dict[str, bool]:
    """Return labels by transaction id, of a CSV with transaction_id and is_fraud; an empty cell is no label."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as lines:
        reader = csv.DictReader(lines)
        try:
            if not {"transaction_id", "is_fraud"} <= set(reader.fieldnames or ()):
                raise LabelsError(f"{path.name} needs the columns transaction_id and is_fraud in its first line.")
            rows = [(row["transaction_id"] or "", (row["is_fraud"] or "").strip().lower()) for row in reader]
        except csv.Error as error:
            raise LabelsError(f"{path.name}, line {reader.line_num}: not CSV ({error}).") from error
    return {identifier: said in POSITIVE for identifier, said in rows if identifier and said}
