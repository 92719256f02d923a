"""Times as people write them on the command line: 7d, 36h, 2026-02-01."""

import re
from datetime import UTC, datetime, timedelta

import typer

LONGEST_DELAY = timedelta(days=3650)
_DELAY = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def read_delay(text: str) -> timedelta:
    """Read a duration such as 7d, 36h, 90m or 0s.

    >>> read_delay("36h")
    datetime.timedelta(days=1, seconds=43200)
    """
    parts = _DELAY.fullmatch(text.strip())
    delay = None if parts is None else timedelta(**{_UNITS[parts[2]]: float(parts[1])})
    if delay is None or delay > LONGEST_DELAY:
        raise typer.BadParameter(f"{text!r} is no delay such as 7d, 36h or 90m, at most {LONGEST_DELAY.days}d")
    return delay


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
