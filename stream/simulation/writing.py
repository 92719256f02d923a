"""Writes simulated payments to a CSV file that `riskstream replay` and `riskstream train` read as it is."""

import csv
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from stream.simulation.traffic import SimulatedTransaction
from stream.sources.columns import FIELDS

HEADER = (*FIELDS, "is_fraud", "fraud_pattern")


def write_csv(
    traffic: Iterable[SimulatedTransaction], path: Path, on_row: Callable[[int], None] | None = None
) -> int:
    """Write payments with their truth and return how many; `on_row` hears the count now and then.

    The file appears under its name when it is complete.
    """
    unfinished = path.with_name(path.name + ".part")
    count = 0
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            for count, each in enumerate(traffic, start=1):
                cells = [getattr(each.transaction, name) for name in FIELDS]
                writer.writerow([*map(_cell, cells), int(each.is_fraud), each.fraud_pattern])
                if on_row is not None and count % 10_000 == 0:
                    on_row(count)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value
