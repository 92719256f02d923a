"""Labelled payments as columns, from a file with the columns of the handbook's data.

`fraud_scenario` is read for reports only: no feature, model or choice may look at it.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.quality.errors import QualityError

REQUIRED: Final = ("transaction_id", "event_time", "customer_id", "terminal_id", "amount", "is_fraud")
SCENARIO: Final = "fraud_scenario"


@dataclass(frozen=True, eq=False)
class Payments:
    """n payments in order of event time, equal times in order of id."""

    identifier: NDArray[Any]
    """(n,) ids, whole numbers or text, as the file has them."""
    time: NDArray[np.int64]
    """(n,) event time in microseconds since 1970, UTC."""
    customer: NDArray[Any]
    """(n,) ids of the customers, as the file has them."""
    merchant: NDArray[Any]
    """(n,) ids of the terminals."""
    card: NDArray[np.int32]
    """(n,) code of the customer: the rank of the id among the file's."""
    terminal: NDArray[np.int32]
    """(n,) code of the terminal."""
    amount: NDArray[np.float64]
    """(n,) account currency."""
    fraud: NDArray[np.bool_]
    """(n,) known to be fraud; a label that is missing says no."""
    scenario: NDArray[np.int8]
    """(n,) kind of fraud, 0 for none, or -1 throughout if the file does not tell."""

    def __len__(self) -> int:
        return len(self.time)

    def where(self, rows: slice | NDArray[np.bool_] | NDArray[np.int64]) -> "Payments":
        """Return some of the payments, in the same order."""
        return replace(self, **{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def read_payments(path: Path) -> Payments:
    """Read a Parquet or CSV file; refused with a `QualityError` if columns are missing or hold something else."""
    table = _table(path)
    if missing := [name for name in REQUIRED if name not in table.column_names]:
        raise QualityError(
            f"{path.name} has no column {', '.join(missing)}; it has {', '.join(table.column_names)}. Give a file"
            f" with {', '.join(REQUIRED)}"
        )
    try:
        table = table.set_column(
            table.column_names.index("event_time"), "event_time", _times(table["event_time"])
        ).sort_by([("event_time", "ascending"), ("transaction_id", "ascending")])
        return _payments(table)
    except pa.ArrowException as error:
        raise QualityError(f"{path.name} cannot be read as payments ({error}): check the column's type") from error


def _table(path: Path) -> Any:
    try:
        if path.suffix.lower() == ".csv":
            return pa_csv.read_csv(path)
        names = pq.read_schema(path).names
        return pq.read_table(path, columns=[name for name in (*REQUIRED, SCENARIO) if name in names])
    except (OSError, pa.ArrowException) as error:
        raise QualityError(f"{path.name} cannot be read ({error}): give a Parquet or CSV file") from error


def _times(column: Any) -> Any:
    """Microseconds since 1970; a time without a zone is taken as UTC."""
    if not pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"))
    return column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.int64())


def _payments(table: Any) -> Payments:
    if empty := [name for name in REQUIRED[:-1] if table[name].null_count]:
        raise QualityError(f"the column {empty[0]} has empty cells: every payment needs one")
    told = SCENARIO in table.column_names
    customer, merchant = table["customer_id"].to_numpy(), table["terminal_id"].to_numpy()
    return Payments(
        identifier=table["transaction_id"].to_numpy(),
        time=table["event_time"].to_numpy(),
        customer=customer,
        merchant=merchant,
        card=_codes(customer),
        terminal=_codes(merchant),
        amount=table["amount"].cast(pa.float64()).to_numpy(),
        fraud=pc.fill_null(table["is_fraud"].cast(pa.int8()), 0).to_numpy() == 1,
        scenario=(
            pc.fill_null(table[SCENARIO].cast(pa.int8()), 0).to_numpy()
            if told
            else np.full(len(table), -1, dtype=np.int8)
        ),
    )


def _codes(values: NDArray[Any]) -> NDArray[np.int32]:
    """Position of each id among the distinct ones, in their order."""
    return np.unique(values, return_inverse=True)[1].astype(np.int32)
