"""A small seeded world in the columns of the handbook's file: large amounts, and compromised terminals."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.quality.payments import Payments, read_payments
from benchmarks.quality.protocol import start_of
from detectors.evaluation.scored import DAY

FIRST = date(2026, 1, 1)
TRAIN_START = date(2026, 1, 7)
DAYS = 27
PER_DAY = 40


def table(seed: int = 3) -> Any:
    """Payments of 40 customers at 25 terminals, in no order of time."""
    rng = np.random.default_rng(seed)
    count = DAYS * PER_DAY
    days = np.sort(rng.integers(0, DAYS, count))
    terminals = rng.integers(0, 25, count)
    customers = rng.integers(0, 40, count)
    large = rng.random(count) < 0.22
    bad = (terminals == days // 7) & (rng.random(count) < 0.8)
    amounts = np.round(rng.uniform(5, 60, count) * (1 + 9 * large), 2)
    shuffled = rng.permutation(count)
    columns = {
        "transaction_id": pa.array(np.arange(count, dtype=np.int32)),
        "event_time": pa.array(
            start_of(FIRST) + days.astype(np.int64) * DAY + rng.integers(0, DAY // 1_000_000, count) * 1_000_000
        ).cast(pa.timestamp("us")),
        "customer_id": pa.array(customers.astype(np.int16)),
        "terminal_id": pa.array(terminals.astype(np.int16)),
        "amount": pa.array(amounts),
        "is_fraud": pa.array((large | bad).astype(np.int8)),
        "fraud_scenario": pa.array(np.where(large, 1, np.where(bad, 2, 0)).astype(np.int8)),
    }
    return pa.table(columns).take(pa.array(shuffled))


def write(path: Path, contents: Any) -> Path:
    """Write a table and return where."""
    pq.write_table(contents, path)
    return path


def payments(path: Path) -> Payments:
    """The world as it is read."""
    return read_payments(write(path / "world.parquet", table()))


def blanked(contents: Any, since: int) -> Any:
    """The same table, without the labels from a moment on (microseconds since 1970)."""
    times = contents["event_time"].cast(pa.int64()).to_pylist()
    labels = [
        None if time >= since else label
        for time, label in zip(times, contents["is_fraud"].to_pylist(), strict=True)
    ]
    place = contents.column_names.index("is_fraud")
    return contents.set_column(place, "is_fraud", pa.array(labels, type=pa.int8()))
