"""The one way to wait in these tests: for a condition, with a deadline."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.03


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return as soon as `condition` holds; fail with `what` was awaited if it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(POLL_SECONDS)
