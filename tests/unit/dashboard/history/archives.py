"""Small archives on this machine, of assessments that a test names, and labels of them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from detectors.assessment import Assessment
from detectors.labels import Disposition, Label, LabelSource
from sinks.archive import open_local_archive, parquet_bytes
from sinks.schema import by_event_date, columnise
from tests.unit.sinks.assessments import assessment

START = datetime(2026, 3, 14, tzinfo=UTC)


def payment(number: int, hour: float = 9.0, **changes: Any) -> Assessment:
    """Return a low payment of an account of its own, `hour` hours after `START`; `number` tells it from others."""
    quiet: dict[str, Any] = {"account_id": f"AC{number}", "event_time": START + timedelta(hours=hour)}
    quiet |= {"fraud_risk_score": 1.0, "risk_level": "low", "alert": "none"}
    return assessment(number, **(quiet | changes))


def risky(number: int, hour: float = 9.0, **changes: Any) -> Assessment:
    """Return a payment at high that was alerted."""
    told: dict[str, Any] = {"fraud_risk_score": 97.0, "risk_level": "high", "alert": "new"}
    return payment(number, hour, **(told | changes))


def write(folder: Path, rows: Iterable[Assessment], *, partition: int = 0, first: int = 0) -> None:
    """Add objects to the archive in a folder."""
    rows = list(rows)
    for day, table in by_event_date(columnise(rows, partition, range(first, first + len(rows)))):
        path = folder / "assessments" / f"date={day}" / f"assessments-{partition}-{first:020d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(parquet_bytes(table))


def archive_of(folder: Path, *rows: Assessment) -> Any:
    """Return the data set of an archive that holds these."""
    write(folder, rows)
    return open_local_archive(folder)


def label(of: Assessment, disposition: Disposition, source: LabelSource = "analyst") -> Label:
    """Return what somebody said of a payment an hour later."""
    return Label(
        transaction_id=of.transaction_id,
        account_id=of.account_id,
        merchant_id=of.merchant_id,
        event_time=of.event_time,
        disposition=disposition,
        source=source,
        observed_at=of.event_time + timedelta(hours=1),
    )
