"""The Fraud Detection Handbook's data, as the tests here look at it; the files stay beside the project."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from detectors.transaction import EnrichedTransaction

TRANSACTIONS: Final = "handbook_transactions_2018-04-01_2018-08-14.parquet"
GOLDEN: Final = "handbook_features_2018-07-25_2018-07-31.parquet"
_CHUNK = 50_000


def data_folder() -> Path:
    """Where the data sets are looked for."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    return Path(os.environ.get("RISKSTREAM_DATA", beside))


def read_transactions(first: datetime, end: datetime) -> pa.Table:
    """The file's payments with first <= event_time < end, in the file's order."""
    table = pq.read_table(data_folder() / TRANSACTIONS)
    times = table["event_time"]
    within = pc.and_(
        pc.greater_equal(times, pa.scalar(first, times.type)), pc.less(times, pa.scalar(end, times.type))
    )
    return table.filter(within)


def read_golden() -> Mapping[str, NDArray[np.float64]]:
    """The handbook's own features: a column each, (n,), by name."""
    table = pq.read_table(data_folder() / GOLDEN)
    return {name: table[name].to_numpy() for name in table.column_names}


def payments_of(table: pa.Table) -> Iterator[EnrichedTransaction]:
    """The rows as payments, a few at a time."""
    names = ("transaction_id", "customer_id", "terminal_id", "event_time", "amount")
    for start in range(0, table.num_rows, _CHUNK):
        part = table.slice(start, _CHUNK)
        for number, customer, terminal, time, amount in zip(
            *(part[name].to_pylist() for name in names), strict=True
        ):
            yield EnrichedTransaction(
                transaction_id=str(number),
                account_id=f"C{customer}",
                merchant_id=f"T{terminal}",
                event_time=time.replace(tzinfo=UTC),
                amount=amount,
            )


def seconds_of(table: pa.Table) -> NDArray[np.int64]:
    """(n,) event times, whole seconds since 1970."""
    seconds: NDArray[np.int64] = table["event_time"].to_numpy().astype("datetime64[s]").astype(np.int64)
    return seconds


def day(text: str, plus: int = 0) -> datetime:
    """A midnight of the file, whose times carry no zone and are UTC."""
    return datetime.fromisoformat(text) + timedelta(days=plus)
