"""What wants attention beside the queue: alerts over time, drift, dead letters. Pure."""

import math
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from dashboard.state.cards import Card
from dashboard.state.places import Fading
from dashboard.state.seconds import WINDOW_SECONDS
from dashboard.words import iso, iso_time
from detectors.drift import DriftEvent

MINUTE: Final = 60
MINUTES: Final = WINDOW_SECONDS // MINUTE
SHOWN_REASONS: Final = 5
SHOWN_DRIFTS: Final = 20
SHOWN_LEVELS: Final = ("high", "critical")


class AlertTimeline:
    """Alerts of the newest quarter of an hour, by minute, level and leading reason."""

    def __init__(self) -> None:
        self._minutes: dict[int, Counter[tuple[str, str]]] = {}

    def add(self, card: Card, now: float) -> None:
        """Count an alert in the minute of its arrival."""
        minute = min(math.floor(card.arrived), math.floor(now)) // MINUTE
        if minute > math.floor(now) // MINUTE - MINUTES:
            self._minutes.setdefault(minute, Counter())[card.level, card.leading or ""] += 1

    def snapshot(self, now: float) -> dict[str, Any]:
        """Return the minutes up to the running one."""
        last = math.floor(now) // MINUTE
        minutes = range(last - MINUTES + 1, last + 1)
        self._minutes = {minute: counts for minute, counts in self._minutes.items() if minute in minutes}
        counted = [self._minutes.get(minute, Counter()) for minute in minutes]
        reasons: Counter[str] = Counter()
        for counts in counted:
            for (_, code), count in counts.items():
                reasons[code] += count
        shown = [code for code, _ in reasons.most_common() if code][:SHOWN_REASONS]
        return {
            "from": iso(minutes[0] * MINUTE),
            "step_seconds": MINUTE,
            "levels": {level: _line(counted, 0, level) for level in SHOWN_LEVELS},
            "reasons": {code: _line(counted, 1, code) for code in shown},
        }


def _line(counted: Sequence[Counter[tuple[str, str]]], part: int, name: str) -> list[int]:
    return [sum(count for key, count in counts.items() if key[part] == name) for counts in counted]


class Drifted(NamedTuple):
    """A drift and where it was found."""

    event: DriftEvent
    partition: int
    at: float
    """Timestamp of its record, in seconds since 1970."""


class DriftLog:
    """The newest drifts."""

    def __init__(self) -> None:
        self._newest: deque[Drifted] = deque(maxlen=SHOWN_DRIFTS)

    def fold(self, drifts: Sequence[Drifted]) -> None:
        """Take drifts in; one that is told twice is held once."""
        fresh = {(each.partition, each.event): each for each in drifts}
        for known in self._newest:
            fresh.pop((known.partition, known.event), None)
        self._newest.extend(sorted(fresh.values(), key=lambda each: each.at))

    def snapshot(self) -> list[dict[str, Any]]:
        """Return them, the newest first."""
        return [
            {
                "time": iso_time(each.event.event_time),
                "series": each.event.series,
                "partition": each.partition,
                "text": describe(each.event),
            }
            for each in sorted(self._newest, key=lambda each: each.at, reverse=True)
        ]


def describe(event: DriftEvent) -> str:
    """Say what a drift is, in a sentence with its numbers."""
    name = event.series.replace("_", " ")
    went = "rose" if event.direction == "up" else "fell"
    if event.series.endswith("_share"):
        return f"{name} {went} from {event.before:.2%} to {event.after:.2%} of payments"
    return f"{name} {went} from {event.before:.2f} to {event.after:.2f} (mean -ln of the tail probability)"


class DeadLetterCount:
    """How many records were set aside in the newest quarter of an hour."""

    def __init__(self) -> None:
        self._counts: Fading[str] = Fading(WINDOW_SECONDS, 5)

    def fold(self, times: Sequence[float], now: float) -> None:
        """Count dead letters by their records' timestamps, in seconds since 1970."""
        for at in sorted(times):
            if at > now - WINDOW_SECONDS:
                self._counts.add(min(math.floor(at), math.floor(now)), Counter(("all",)))

    def snapshot(self, now: float) -> dict[str, int]:
        """Return the count."""
        return {"window": self._counts.totals(math.floor(now))["all"]}
