"""Puts incidents into genuine payments: everything about them that their kind does not say is genuine too.

An injected payment starts as a copy of somebody's genuine payment, so device, address, merchant, channel and
duration give nothing away; it falls on a genuine day and within the file's own hours.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import numpy as np
from numpy.random import Generator

from benchmarks.incidents.cities import CITIES
from benchmarks.incidents.dials import Dial
from benchmarks.incidents.history import in_city
from detectors.transaction import Transaction
from detectors.travel import distance_km, place


@dataclass(frozen=True)
class Injected:
    """Genuine payments with incidents among them."""

    payments: tuple[Transaction, ...]
    """All of them in event-time order."""
    incidents: tuple[tuple[str, ...], ...]
    """The transaction ids of each incident, in event-time order."""


def inject(genuine: Sequence[Transaction], dial: Dial, incidents: int, rng: Generator) -> Injected:
    """Put at most so many incidents of one setting into payments that are in event-time order.

    Each hits another account; only accounts with a payment in `genuine` are hit. There are fewer incidents where
    `genuine` offers no more places for them: not every city has another 3,500 km away.
    """
    scene = _Scene(genuine)
    added: list[list[Transaction]] = []
    hit: set[str] = set()
    for index in rng.permutation(len(genuine)).tolist():
        if len(added) == incidents:
            break
        if genuine[index].account_id in hit:
            continue
        told = _tell(scene, genuine[index], dial, len(added), rng)
        if told:
            hit.add(genuine[index].account_id)
            added.append(told)
    every = [*genuine, *(payment for told in added for payment in told)]
    every.sort(key=lambda payment: payment.event_time)
    return Injected(tuple(every), tuple(tuple(payment.transaction_id for payment in told) for told in added))


class _Scene:
    """What incidents need to know of the genuine payments."""

    def __init__(self, genuine: Sequence[Transaction]) -> None:
        self.genuine = genuine
        self.by_account: defaultdict[str, list[Transaction]] = defaultdict(list)
        for payment in genuine:
            self.by_account[payment.account_id].append(payment)
        self.clocks = [_seconds_of_day(payment.event_time) for payment in genuine]
        self.opens, self.closes = min(self.clocks), max(self.clocks)
        self.days = sorted({_midnight(payment.event_time) for payment in genuine})

    def median_amount(self, account: str) -> float:
        return float(np.median([payment.amount for payment in self.by_account[account]]))

    def start(self, dial: Dial, rng: Generator) -> datetime:
        """A genuine moment; of an incident that lasts minutes, one that lets it end within the file's hours."""
        day = self.genuine[int(rng.integers(len(self.genuine)))].event_time
        if dial.minutes is None:
            return day
        latest = max(self.closes - dial.minutes[1] * 60 * (dial.payments - 1), self.opens)
        return _midnight(day) + timedelta(seconds=round(float(rng.uniform(self.opens, latest))))

    def times(self, start: datetime, dial: Dial, rng: Generator) -> list[datetime]:
        """When the payments of an incident are made."""
        if dial.days is None:
            apart = rng.uniform(*(dial.minutes or (0.0, 0.0)), size=dial.payments - 1).tolist()
            return [start + timedelta(seconds=round(60 * sum(apart[:step]))) for step in range(dial.payments)]
        at = min(self.days.index(_midnight(start)), len(self.days) - dial.days[1] * (dial.payments - 1) - 1)
        later = np.cumsum(rng.integers(dial.days[0], dial.days[1] + 1, dial.payments - 1)).tolist()
        days = [self.days[at + step] for step in (0, *later)]
        clocks = rng.choice(self.clocks, dial.payments).tolist()
        return [day + timedelta(seconds=clock) for day, clock in zip(days, clocks, strict=True)]

    def open(self, time: datetime) -> bool:
        """Say whether a moment lies within the file's hours."""
        return self.opens <= _seconds_of_day(time) <= self.closes

    def latest(self, account: str, time: datetime) -> Transaction:
        """The account's last payment up to a moment; before its first one, the first."""
        payments = self.by_account[account]
        earlier = [payment for payment in payments if payment.event_time <= time]
        return earlier[-1] if earlier else payments[0]


def _tell(scene: _Scene, near: Transaction, dial: Dial, number: int, rng: Generator) -> list[Transaction]:
    """Return the payments of one incident against the account of `near`, none where it finds no place."""
    account = near.account_id
    if dial.after_minutes is None:
        times = scene.times(scene.start(dial, rng), dial, rng)
        city = scene.latest(account, times[0]).location
    else:
        times = scene.times(near.event_time + timedelta(minutes=dial.after_minutes), dial, rng)
        city = near.location if dial.away_km is None else _far_city(near.location, dial.away_km, rng)
    if city is None or not scene.open(times[-1]):
        return []
    copies = [scene.genuine[index] for index in rng.integers(len(scene.genuine), size=dial.payments).tolist()]
    last = scene.latest(account, times[0])
    told = [
        in_city(
            msgspec.structs.replace(
                copy,
                transaction_id=f"INJECTED-{number:03d}-{step:02d}",
                account_id=account,
                event_time=time,
                transaction_type="Debit",
                customer_age=last.customer_age,
                customer_occupation=last.customer_occupation,
                login_attempts=dial.logins if step == 0 else 1,
            ),
            city,
        )
        for step, (copy, time) in enumerate(zip(copies, times, strict=True))
    ]
    return _paid(told, _amounts(scene, told, dial, last, rng), last)


def _far_city(home: str | None, least_km: float, rng: Generator) -> str | None:
    """Return one of the cities at least so far away, None if there is none."""
    if home not in CITIES:
        return None
    here = place(*CITIES[home], 0)
    far = [name for name, there in CITIES.items() if distance_km(here, place(*there, 0)) >= least_km]
    return far[int(rng.integers(len(far)))] if far else None


def _amounts(
    scene: _Scene, told: Sequence[Transaction], dial: Dial, last: Transaction, rng: Generator
) -> list[float]:
    if dial.drained is not None:
        return [round(_left(last) * dial.drained / dial.payments, 2)] * dial.payments
    if dial.times_usual is not None:
        usual = scene.median_amount(last.account_id)
        return [round(usual * float(times), 2) for times in rng.uniform(*dial.times_usual, dial.payments)]
    # The owner's own amounts, over and over: nothing to see in them.
    own = [payment.amount for payment in scene.by_account[last.account_id]]
    return [own[index] for index in rng.integers(len(own), size=dial.payments).tolist()]


def _paid(told: Sequence[Transaction], amounts: Sequence[float], last: Transaction) -> list[Transaction]:
    """Return the payments with their amounts and the balance before each; a credit line covers what is missing."""
    left = _left(last)
    paid = []
    for payment, amount in zip(told, amounts, strict=True):
        balance = round(max(left, amount), 2)
        paid.append(msgspec.structs.replace(payment, amount=amount, account_balance=balance))
        left -= amount
    return paid


def _left(last: Transaction) -> float:
    """What the account's last payment left on it."""
    return max((last.account_balance or 0.0) - last.amount, 1.0)


def _seconds_of_day(time: datetime) -> int:
    return time.hour * 3600 + time.minute * 60 + time.second


def _midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)
