"""What happens to simulated people over time: trips, new phones, pay-days."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.random import Generator

from stream.simulation.geography import UTC_OFFSET_H, VISITS, distance_km, pick
from stream.simulation.payments import NONE, Flags, Floats, Ints
from stream.simulation.population import PAYDAYS, Population

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
BLOCK_DAYS = 30
"""Each account has at most one trip and one new phone in as many days."""
TRIP_RATE = 0.2
"""Trips of an account per 30 days."""
PHONE_RATE = 0.1
"""New phones of an account per 30 days."""
CRUISE_KM_H = 700.0
GROUND_H = 3.0
"""Hours of a trip that are not spent flying."""
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The days from `start_ms` on; tables have the shape (accounts, blocks of 30 days)."""

    start_ms: int
    days: int
    trip_from: Ints
    """Milliseconds since 1970; a time that never comes where there is no trip."""
    trip_to: Ints
    trip_city: Ints
    trip_transit: Ints
    """Milliseconds that each way takes."""
    phone_at: Ints
    """When a new phone replaces the old one."""
    phones_before: Ints
    """New phones in earlier blocks."""
    paydays: tuple[Ints, ...]
    """For each of PAYDAYS the midnights (UTC) it falls on."""

    @property
    def end_ms(self) -> int:
        """The first moment after the simulated days."""
        return self.start_ms + self.days * DAY_MS

    def block(self, time_ms: Ints) -> Ints:
        """Return the column of the tables for each moment."""
        block = (time_ms - self.start_ms) // (BLOCK_DAYS * DAY_MS)
        return np.clip(block, 0, self.trip_from.shape[1] - 1)

    def trip(self, account: Ints, time_ms: Ints) -> Ints:
        """Return the city that an account is visiting, NONE if it is at home."""
        at = account, self.block(time_ms)
        away = (self.trip_from[at] <= time_ms) & (time_ms < self.trip_to[at])
        return np.where(away, self.trip_city[at], NONE)

    def in_transit(self, account: Ints, time_ms: Ints) -> Flags:
        """Say who is on the way there or back, and cannot stand in a shop."""
        at = account, self.block(time_ms)
        out = (self.trip_from[at] <= time_ms) & (time_ms < self.trip_from[at] + self.trip_transit[at])
        back = (self.trip_to[at] - self.trip_transit[at] <= time_ms) & (time_ms < self.trip_to[at])
        flags: Flags = out | back
        return flags

    def phones(self, account: Ints, time_ms: Ints) -> Ints:
        """Return how often an account has changed its phone."""
        at = account, self.block(time_ms)
        phones: Ints = self.phones_before[at] + (self.phone_at[at] <= time_ms)
        return phones

    def inside(self, time_ms: Ints) -> Flags:
        """Say which moments lie within the simulated days."""
        return (self.start_ms <= time_ms) & (time_ms < self.end_ms)


def plan(people: Population, start: datetime, days: int, rng: Generator) -> Agenda:
    """Draw what happens to everybody in the given days."""
    start_ms = int(start.timestamp() * 1000)
    shape = (len(people), -(-days // BLOCK_DAYS))
    block_start = start_ms + np.arange(shape[1]) * BLOCK_DAYS * DAY_MS
    city = pick(VISITS, shape[0] * shape[1], rng).reshape(shape)
    distance = distance_km(np.broadcast_to(people.home[:, None], shape), city)
    travels = (rng.random(shape) < TRIP_RATE) & (distance > 0)
    leaves = block_start + (rng.uniform(0.5, 20, shape) * DAY_MS).astype(np.int64)
    # Long enough to arrive, short enough to be home before the next block's trip.
    returns = leaves + (rng.uniform(3, 9, shape) * DAY_MS).astype(np.int64)
    phone = block_start + (rng.random(shape) * BLOCK_DAYS * DAY_MS).astype(np.int64)
    gets_one = rng.random(shape) < PHONE_RATE
    return Agenda(
        start_ms=start_ms,
        days=days,
        trip_from=np.where(travels, leaves, _NEVER // 2),
        trip_to=np.where(travels, returns, _NEVER // 2),
        trip_city=np.where(travels, city, NONE),
        trip_transit=((GROUND_H + distance / CRUISE_KM_H) * HOUR_MS).astype(np.int64),
        phone_at=np.where(gets_one, phone, _NEVER),
        phones_before=np.cumsum(gets_one, axis=1) - gets_one,
        paydays=tuple(_midnights(start, days, day) for day in PAYDAYS),
    )


def _midnights(start: datetime, days: int, day_of_month: int) -> Ints:
    dates = [start.astimezone(UTC).date() + timedelta(days=number) for number in range(days)]
    times = [datetime(each.year, each.month, each.day, tzinfo=UTC) for each in dates if each.day == day_of_month]
    return np.array([int(each.timestamp() * 1000) for each in times], dtype=np.int64)


def habitual_times(people: Population, account: Ints, day_ms: Ints, rng: Generator) -> Ints:
    """Return a moment at each account's habitual hours on the local day that begins at `day_ms` UTC."""
    count = len(account)
    usual = rng.normal(people.peak_h[account], people.width_h[account])
    any_hour = rng.random(count) < people.night[account]
    hour: Floats = np.where(any_hour, rng.uniform(0, 24, count), usual) % 24
    time: Ints = day_ms + ((hour - UTC_OFFSET_H[people.home[account]]) * HOUR_MS).astype(np.int64)
    return time
