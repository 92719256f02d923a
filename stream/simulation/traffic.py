"""Simulates labelled payment traffic: same configuration, same payments; another seed, other people."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.random import SeedSequence

from detectors.transaction import Transaction
from stream.errors import StreamError
from stream.simulation.agenda import plan
from stream.simulation.balances import with_balances
from stream.simulation.frauds import frauds
from stream.simulation.habits import World
from stream.simulation.lookalikes import genuine
from stream.simulation.payments import CHANNELS, NONE, TYPES, Floats, Ints, Payments, Story, join
from stream.simulation.places import CITIES, COUNTRIES
from stream.simulation.population import OCCUPATIONS, Population, populate

MAX_FRAUD_RATE = 0.01
MIN_MERCHANTS = 300
"""So that every city has a few shops and there are some online."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROWS_AT_ONCE = 50_000


class SimulationError(StreamError):
    """The simulation was asked for something that it cannot make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationConfig:
    """What to simulate."""

    seed: int = 7
    """Who the people are, and what they do; ids follow from it."""
    accounts: int = 1000
    merchants: int = 400
    days: int = 60
    start: datetime = datetime(2026, 1, 5, tzinfo=UTC)
    """The first moment; with a zone."""
    fraud_rate: float = 0.005
    """Share of all payments that are fraud; a bound that is nearly reached."""

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**63:
            raise SimulationError(f"seed {self.seed} is not a whole number from 0 on")
        if not 1 <= self.accounts <= 1_000_000:
            raise SimulationError(f"{self.accounts} accounts cannot be simulated; 1 to 1,000,000 can")
        if not MIN_MERCHANTS <= self.merchants <= 1_000_000:
            raise SimulationError(
                f"{self.merchants} merchants are too few or too many; {MIN_MERCHANTS} are the least"
            )
        if not 1 <= self.days <= 3650:
            raise SimulationError(f"{self.days} days cannot be simulated; 1 to 3650 can")
        if self.start.tzinfo is None:
            raise SimulationError("start names no time zone; write it as 2026-01-05T00:00:00Z")
        if not 0 <= self.fraud_rate <= MAX_FRAUD_RATE:
            raise SimulationError(f"fraud rate {self.fraud_rate} lies outside 0 to {MAX_FRAUD_RATE}")


class SimulatedTransaction(NamedTuple):
    """A payment and the truth about it."""

    transaction: Transaction
    is_fraud: bool
    fraud_pattern: str | None
    """card_testing, account_takeover, merchant_compromise, amount_burst, impossible_travel; None if genuine."""
    story: str
    """The same, or which lookalike a genuine payment belongs to; "habit" for most."""


class Simulated(NamedTuple):
    """Simulated payments as columns, in event-time order, and the people who made them."""

    config: SimulationConfig
    people: Population
    payments: Payments


def simulate(config: SimulationConfig | None = None) -> list[SimulatedTransaction]:
    """Return simulated payments in event-time order.

    >>> traffic = simulate(SimulationConfig(seed=1, accounts=20, days=10))
    >>> traffic == simulate(SimulationConfig(seed=1, accounts=20, days=10))
    True
    """
    return list(transactions(draw(config or SimulationConfig())))


def draw(config: SimulationConfig) -> Simulated:
    """Simulate, and leave the payments as columns: for questions about all of them, or very many."""
    # One stream of random numbers a part, so that more days do not change who the people are.
    for_people, for_agenda, for_life, for_money, for_crime = (
        np.random.default_rng(each) for each in SeedSequence(config.seed).spawn(5)
    )
    people = populate(config.accounts, config.merchants, for_people)
    world = World(people, plan(people, config.start, config.days, for_agenda))
    honest = with_balances(world, genuine(world, for_life), for_money)
    budget = int(len(honest) * config.fraud_rate / (1 - config.fraud_rate))
    stolen = frauds(world, honest, budget, for_crime)
    return Simulated(config, people, join([honest, stolen]).in_order())


def transactions(simulated: Simulated) -> Iterator[SimulatedTransaction]:
    """Give the payments one by one, made as they are asked for."""
    names = _Names(simulated.config.seed)
    for first in range(0, len(simulated.payments), _ROWS_AT_ONCE):
        some = simulated.payments.where(slice(first, first + _ROWS_AT_ONCE))
        yield from _build(some, simulated.people, names, first)


class _Names:
    """Ids from numbers: the same for a seed, others for another, and no order to be read from them."""

    def __init__(self, seed: int) -> None:
        digest = hashlib.blake2b(str(seed).encode(), digest_size=8).digest()
        self.offset = np.uint64(int.from_bytes(digest, "big"))
        self.tag = digest.hex()[:6]

    def ids(self, prefix: str, numbers: Ints) -> list[str | None]:
        """Return an id per number, None for NONE; a bijection on 44 bits (odd factor of Steele et al., 2014)."""
        mixed = (numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + self.offset) & np.uint64(
            (1 << 44) - 1
        )
        return [
            None if number == NONE else f"{prefix}-{value:011x}"
            for number, value in zip(numbers.tolist(), mixed.tolist(), strict=True)
        ]


def _build(some: Payments, people: Population, names: _Names, first: int) -> Iterator[SimulatedTransaction]:
    columns = {
        "transaction_id": [f"tx-{names.tag}-{number:09d}" for number in range(first, first + len(some))],
        "account_id": names.ids("acc", some.account),
        "merchant_id": names.ids("mer", some.merchant),
        "event_time": [_EPOCH + timedelta(milliseconds=time) for time in some.time_ms.tolist()],
        "amount": some.amount.tolist(),
        "currency": ["USD"] * len(some),
        "transaction_type": _words(TYPES, some.type),
        "channel": _words(CHANNELS, some.channel),
        "device_id": names.ids("dev", some.device),
        "ip_address": dotted(some.ip),
        "location": _words([city.name for city in CITIES], some.city),
        "latitude": _numbers(some.latitude, 4),
        "longitude": _numbers(some.longitude, 4),
        "country": _words(COUNTRIES, some.country),
        "customer_age": people.age[some.account].tolist(),
        "customer_occupation": _words(OCCUPATIONS, people.occupation[some.account]),
        "duration_s": _numbers(some.duration_s, 1),
        "login_attempts": [None if each == NONE else each for each in some.logins.tolist()],
        "account_balance": _numbers(some.balance, 2),
    }
    stories = {int(story): (story.is_fraud, story.name.lower()) for story in Story}
    keys = tuple(columns)
    for row, number in zip(zip(*columns.values(), strict=True), some.story.tolist(), strict=True):
        is_fraud, story = stories[number]
        transaction = Transaction(**dict(zip(keys, row, strict=True)))
        yield SimulatedTransaction(transaction, is_fraud, story if is_fraud else None, story)


def _words(words: "list[str] | tuple[str, ...]", numbers: Ints) -> list[str | None]:
    return [None if number == NONE else words[number] for number in numbers.tolist()]


def _numbers(values: Floats, decimals: int) -> list[float | None]:
    return [None if value != value else value for value in np.round(values, decimals).tolist()]


def dotted(addresses: Ints) -> list[str | None]:
    """Return IPv4 addresses as they are written, None for NONE."""
    return [
        None if each == NONE else f"{each >> 24}.{each >> 16 & 255}.{each >> 8 & 255}.{each & 255}"
        for each in addresses.tolist()
    ]
