"""SCORES: what our scores say of every payment of the test week, as Parquet that repeats to the byte."""

from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.quality.payments import Payments
from benchmarks.quality.protocol import Split
from benchmarks.quality.run import Results

SCALE: Final = {
    "labelled": "fraud_risk_score before it is rounded, 0 to 100: a calibrated probability in percent",
    "label_free": "fraud_risk_score before it is rounded, 0 to 100: a rarity, no probability",
    "feedback": "fraud_risk_score before it is rounded, 0 to 100: a rarity with frauds known a week later",
    "evaluated": "the protocol counts the payment: its card is not known as compromised on that day",
}


def write_scores(path: Path, payments: Payments, weeks: Split, results: Results) -> None:
    """Write a row for every payment of the test week, in order of event time, equal times in order of id."""
    test = payments.where(weeks.test)
    counted = [False] * len(test)
    for row in (weeks.evaluated - weeks.test.start).tolist():
        counted[row] = True
    columns: dict[str, Any] = {
        "transaction_id": pa.array(test.identifier),
        "event_time": pa.array(test.time).cast(pa.timestamp("us", tz="UTC")),
        **{kind: pa.array(said.score, from_pandas=True) for kind, said in results.said.items()},
        "evaluated": pa.array(counted),
    }
    fields = [pa.field(name, column.type, metadata=_told(name)) for name, column in columns.items()]
    pq.write_table(
        pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields)), path, compression="zstd"
    )


def _told(name: str) -> dict[str, str] | None:
    return {"meaning": SCALE[name]} if name in SCALE else None
