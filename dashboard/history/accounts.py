"""Older payments of one account, from the archive: for the detail of an alert, beyond what the page has seen."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.dataset as ds

from dashboard.history.opening import KeptOpen
from dashboard.ports import Payment
from sinks.archive import deduplicate
from sinks.errors import ArchiveError

WINDOWS: Final = (30, 60)
"""Days that are read, newest first, until enough payments are found; nothing older is looked for."""
AT_ONCE: Final = 2
"""Accounts that are looked up at the same time."""
OPEN_SECONDS: Final = 30.0
"""How old the list of objects may be: the page knows the newest payments from the stream."""

_TIME: Final = pa.timestamp("us", tz="UTC")
_COLUMNS: Final = [
    "assessment_id",
    "transaction_id",
    "account_id",
    "merchant_id",
    "event_time",
    "amount",
    "currency",
    "fraud_risk_score",
    "risk_level",
    "source_partition",
    "source_offset",
]


class ArchivedPayments:
    """The `AccountHistory` of an archive."""

    def __init__(self, archive: Callable[[], Any]) -> None:
        """`archive` opens the Arrow data set; it may block, and raise an `ArchiveError`."""
        self._archive = KeptOpen(archive, OPEN_SECONDS)
        # Of its own: a thread keeps what it once took from the system, and the loop's pool has many.
        self._threads = ThreadPoolExecutor(AT_ONCE, "archived-payments")

    async def payments(self, account_id: str, until: datetime, limit: int) -> Sequence[Payment]:
        """Return the newest payments of an account paid by `until`, newest first, at most `limit`.

        They are of the 90 days before `until`.

        Raises:
            ArchiveError: the archive cannot be read.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._look_up, account_id, until, limit)

    def _look_up(self, account_id: str, until: datetime, limit: int) -> list[Payment]:
        archive = self._archive()
        found: list[Payment] = []
        last = until.astimezone(UTC).date()
        for days in WINDOWS:
            first = last - timedelta(days=days - 1)
            found += _between(archive, account_id, first, last, until)
            last = first - timedelta(days=1)
            if len(found) >= limit:
                break
        return sorted(found, key=lambda payment: payment.time, reverse=True)[:limit]


def _between(archive: Any, account_id: str, first: date, last: date, until: datetime) -> list[Payment]:
    wanted = (ds.field("date") >= first) & (ds.field("date") <= last)
    wanted &= (ds.field("account_id") == account_id) & (ds.field("event_time") <= pa.scalar(until, _TIME))
    try:
        table = deduplicate(archive.to_table(columns=_COLUMNS, filter=wanted))
    except (OSError, pa.ArrowException) as error:
        raise ArchiveError(f"cannot read the archive: {error}; check endpoint, bucket and credentials") from error
    return [
        Payment(
            id=row["assessment_id"],
            transaction_id=row["transaction_id"],
            account_id=row["account_id"],
            merchant_id=row["merchant_id"],
            time=row["event_time"],
            amount=row["amount"],
            currency=row["currency"],
            score=row["fraud_risk_score"],
            level=row["risk_level"],
        )
        for row in table.to_pylist()
    ]
