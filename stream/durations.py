"""Durations as people write them, 7d or 36h: on the command line and in hyperparameters alike."""

import re
from datetime import timedelta
from typing import Final

LONGEST_DELAY: Final = timedelta(days=3650)
_DELAY = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def delay_of(text: str) -> timedelta:
    """Return a duration such as 7d, 36h, 90m or 0s; a ValueError says what would be one.

    >>> delay_of("36h")
    datetime.timedelta(days=1, seconds=43200)
    """
    parts = _DELAY.fullmatch(text.strip())
    delay = None if parts is None else timedelta(**{_UNITS[parts[2]]: float(parts[1])})
    if delay is None or delay > LONGEST_DELAY:
        raise ValueError(f"{text!r} is no delay such as 7d, 36h or 90m, at most {LONGEST_DELAY.days}d")
    return delay
