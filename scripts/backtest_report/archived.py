"""Reads assessments that were made already, from the archive, into columns. It assesses nothing anew."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from detectors.assessment import DETECTORS
from detectors.bundle import Bundle
from detectors.features import FEATURES
from scripts.backtest_report.columns import Columns, Labels
from sinks.archive import deduplicate
from sinks.errors import ArchiveError

READ = [
    *("assessment_id", "transaction_id", "account_id", "merchant_id", "event_time", "amount", "currency"),
    *("fraud_risk_score", "score_kind", "risk_level", "alert", "maturity", "statistic", "features"),
    *("bundle_version", "source_partition", "source_offset"),
]
SCORES = [f"{detector}_score" for detector in DETECTORS]
CHUNK = 20_000


def read_archived(archive: Any, bundle: Bundle, labels: Labels) -> tuple[Columns, int]:
    """Return the assessments that a bundle made, each once, and how many of other bundles were left out.

    `archive` is an Arrow data set of the archive. Raises `ArchiveError` when it holds none of the bundle.
    """
    try:
        others = archive.count_rows(filter=pc.field("bundle_version") != bundle.version)
        table = archive.to_table(columns=[*READ, *SCORES], filter=pc.field("bundle_version") == bundle.version)
    except (OSError, pa.ArrowException) as error:
        raise ArchiveError(f"cannot read the archive: {error}; check endpoint, bucket and credentials") from error
    if not table.num_rows:
        raise ArchiveError(
            f"the archive holds no assessment by the bundle {bundle.version}"
            f" ({others:,} by others); pass the bundle that made them with --bundle"
        )
    table = deduplicate(table)
    columns = Columns(table.num_rows, labels, bundle.baseline)
    for start in range(0, table.num_rows, CHUNK):
        _take(table.slice(start, CHUNK).combine_chunks(), columns)
    return columns, others


def _take(part: Any, columns: Columns) -> None:
    def listed(name: str) -> list[Any]:
        values: list[Any] = part[name].to_pylist()
        return values

    columns.put(
        listed("transaction_id"),
        time=part["event_time"].cast(pa.int64()).to_numpy(),
        account=listed("account_id"),
        merchant=listed("merchant_id"),
        score=part["fraud_risk_score"].to_numpy(),
        statistic=part["statistic"].to_numpy(),
        level=listed("risk_level"),
        maturity=listed("maturity"),
        alert=listed("alert"),
        amount=part["amount"].to_numpy(),
        currency=listed("currency"),
        scores=np.stack([_numbers(part[name]) for name in SCORES], axis=1),
        features=_numbers(pc.list_flatten(part["features"])).reshape(-1, len(FEATURES)),
        kinds=set(listed("score_kind")),
    )


def _numbers(column: Any) -> Any:
    """Return a column of numbers, (n,) float64, NaN for null."""
    return pc.fill_null(column, float("nan")).to_numpy()
