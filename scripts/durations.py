"""Times as people write them on the command line: 7d, 36h, 2026-02-01."""

from datetime import UTC, datetime, timedelta

import typer

from stream.durations import LONGEST_DELAY, delay_of

__all__ = ["LONGEST_DELAY", "read_delay", "read_moment"]


def read_delay(text: str) -> timedelta:
    """Read a duration such as 7d, 36h, 90m or 0s.

    >>> read_delay("36h")
    datetime.timedelta(days=1, seconds=43200)
    """
    try:
        return delay_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def read_moment(text: str) -> datetime:
    """Read an ISO 8601 time; UTC unless it says otherwise.

    >>> read_moment("2026-02-01").isoformat()
    '2026-02-01T00:00:00+00:00'
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time such as 2026-02-01 or 2026-02-01T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
