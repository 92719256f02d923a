"""Ranges of days: which the archive holds, which somebody may ask for. A day is a UTC date of event time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import msgspec
import pyarrow.dataset as ds

from dashboard.errors import RequestError

MOST_DAYS: Final = 400
"""Of one question: a year, and the weeks to compare it with."""
USUAL_DAYS: Final = 7
"""The newest days that the archive holds: what is shown before anybody asks."""


class Days(msgspec.Struct, frozen=True):
    """Days from `start` to `end`, both included."""

    start: date
    end: date

    def __len__(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def since(self) -> datetime:
        """Their first moment."""
        return datetime.combine(self.start, time(), UTC)

    @property
    def until(self) -> datetime:
        """The first moment after them."""
        return self.since + timedelta(days=len(self))


class Asked(msgspec.Struct, frozen=True):
    """A question as it came: without days, the newest that the archive holds are meant."""

    days: Days | None
    backfill: bool
    """Count payments that a replay of history brought, too."""

    def resolve(self, held: Days | None) -> Days | None:
        """Return the days that are meant; None if the archive holds none and none were named."""
        if self.days is not None or held is None:
            return self.days
        return Days(max(held.start, held.end - timedelta(days=USUAL_DAYS - 1)), held.end)


def held_days(archive: Any) -> Days | None:
    """Return the first and last day of which an Arrow data set of the archive has objects; None if it is empty."""
    dates = {ds.get_partition_keys(fragment.partition_expression)["date"] for fragment in archive.get_fragments()}
    return Days(min(dates), max(dates)) if dates else None


def read_asked(query: Mapping[str, str]) -> Asked:
    """Check `start`, `end` and `backfill` of a query string.

    Raises:
        RequestError: what is wrong with which of them.
    """
    backfill = query.get("backfill", "0")
    if backfill not in ("0", "1"):
        raise RequestError(
            f"backfill is {backfill[:20]!r}: give 1 to count replayed history, or 0", 400, "backfill"
        )
    if "start" not in query and "end" not in query:
        return Asked(None, backfill == "1")
    start, end = _day(query, "start"), _day(query, "end")
    if start > end:
        raise RequestError(f"start {start} is after end {end}: swap them", 400, "start")
    days = Days(start, end)
    if len(days) > MOST_DAYS:
        raise RequestError(f"{start} to {end} are {len(days)} days: ask for at most {MOST_DAYS}", 400, "start")
    return Asked(days, backfill == "1")


def _day(query: Mapping[str, str], field: str) -> date:
    if field not in query:
        raise RequestError(f"{field} is missing: give both days as YYYY-MM-DD, or none of them", 400, field)
    text = query[field]
    try:
        # fromisoformat also takes weeks and dates without hyphens.
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or text != day.isoformat():
        raise RequestError(f"{field} is {text[:20]!r}: give a UTC day as YYYY-MM-DD", 400, field)
    return day
