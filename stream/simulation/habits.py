"""How an account pays when nothing is special; every story, genuine or fraud, starts from such a payment."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from stream.simulation.agenda import DAY_MS, Agenda, habitual_times
from stream.simulation.geography import (
    CITY_LATITUDE,
    CITY_LONGITUDE,
    addresses,
    country_of,
    other_country,
)
from stream.simulation.payments import (
    ATM,
    NONE,
    ONLINE,
    POS,
    PURCHASE,
    SUBSCRIPTION,
    TRANSFER,
    WITHDRAWAL,
    Flags,
    Floats,
    Ints,
    Payments,
    Story,
)
from stream.simulation.population import CATEGORIES, FACTORS, Population, some_bank, some_online, some_shop

FAITHFUL = 0.8
"""Share of payments that go to a favourite merchant."""
SHARES_PLACE = 0.5
"""Share of online payments whose device tells where it is."""
ONE_CLICK = 0.25
"""Share of online payments made with stored details, in a few seconds."""
_DEVICES_EACH = 4096
_TRANSFERS = [name for name, _ in CATEGORIES].index("transfers")


@dataclass(frozen=True, slots=True)
class World:
    """The people, the shops, and what happens to them."""

    people: Population
    agenda: Agenda


def ordinary(world: World, rng: Generator) -> Payments:
    """Return everybody's payments over the whole calendar, with nothing special in them."""
    people, agenda = world.people, world.agenda
    # A day more at both ends: local days do not begin at midnight UTC.
    count = rng.poisson(people.per_day * (agenda.days + 2))
    account = np.repeat(np.arange(len(people)), count)
    day = rng.integers(-1, agenda.days + 1, len(account))
    time = habitual_times(people, account, agenda.start_ms + day * DAY_MS, rng)
    inside = agenda.inside(time)
    return habitual(world, account[inside], time[inside], rng)


def habitual(world: World, account: Ints, time_ms: Ints, rng: Generator, channel: Ints | None = None) -> Payments:
    """Return one payment per given account and moment, as the account makes them there and then."""
    people = world.people
    count = len(account)
    trip = world.agenda.trip(account, time_ms)
    here = np.where(trip != NONE, trip, people.home[account])
    if channel is None:
        channel = _channels(people, account, rng)
    online = channel == ONLINE
    merchant = _merchants(people, account, channel, here, trip != NONE, rng)
    seen, latitude, longitude = _places(people, account, merchant, online, here, rng)
    category = people.merchants.category[merchant]
    return Payments(
        time_ms=time_ms,
        account=account,
        merchant=merchant,
        amount=usual_amounts(people, account, merchant, channel, rng),
        type=np.where(channel == ATM, WITHDRAWAL, np.where(online & (category == _TRANSFERS), TRANSFER, PURCHASE)),
        channel=channel,
        device=_devices(world, account, time_ms, online, rng),
        ip=np.where(online, _connections(people, account, here, trip != NONE, rng), NONE),
        city=seen,
        latitude=latitude,
        longitude=longitude,
        country=np.where(online, country_of(people.home[account]), country_of(seen)),
        duration_s=durations(channel, rng),
        logins=np.where(online, 1 + (rng.random(count) < 0.05), NONE),
        balance=np.full(count, np.nan),
        story=np.where(trip != NONE, Story.HOLIDAY, Story.HABIT).astype(np.int64),
    )


def usual_amounts(people: Population, account: Ints, merchant: Ints, channel: Ints, rng: Generator) -> Floats:
    """Return amounts (n,), USD: log-normal about the account's level times the shop's; cash in tens."""
    factor = FACTORS[people.merchants.category[merchant]]
    noise = rng.normal(0, 1, len(account)) * people.spread[account]
    amount = np.exp(people.log_amount[account] + noise) * np.where(channel == ATM, 1.8, factor)
    cash = np.maximum(np.round(amount, -1), 10)
    return np.where(channel == ATM, cash, dollars(amount))


def dollars(amount: Floats) -> Floats:
    """Return amounts in whole cents, half a dollar at least."""
    return np.maximum(np.round(amount, 2), 0.5)


def durations(channel: Ints, rng: Generator) -> Floats:
    """Return how long payments take, in seconds: minutes online, seconds in shops or with stored details."""
    stored = (channel == ONLINE) & (rng.random(len(channel)) < ONE_CLICK)
    typical = np.array([95.0, 18.0, 55.0])[channel]
    return np.maximum(np.round(np.where(stored, 8, typical) * rng.lognormal(0, 0.5, len(channel)), 1), 1)


def strange_devices(people: Population, count: int, rng: Generator) -> Ints:
    """Return devices that belong to no account."""
    return len(people) * _DEVICES_EACH + rng.integers(0, 1 << 42, count)


def at_shops(payments: Payments, people: Population, merchant: Ints, channel: int = POS) -> Payments:
    """Return the payments made in person at the given merchants instead."""
    city = people.merchants.city[merchant]
    nothing = np.full(len(payments), NONE)
    return replace(
        payments,
        merchant=merchant,
        channel=np.full(len(payments), channel),
        type=np.full(len(payments), WITHDRAWAL if channel == ATM else PURCHASE),
        city=city,
        latitude=people.merchants.latitude[merchant],
        longitude=people.merchants.longitude[merchant],
        country=country_of(city),
        device=nothing,
        ip=nothing,
        logins=nothing,
    )


def abroad(payments: Payments, share: float, rng: Generator) -> Payments:
    """Return the payments with a share of the connections coming from another country."""
    moved = (payments.ip != NONE) & (rng.random(len(payments)) < share)
    return replace(payments, ip=np.where(moved, addresses(other_country(payments.country, rng), rng), payments.ip))


def charged_by_merchant(world: World, account: Ints, time_ms: Ints, merchant: Ints, rng: Generator) -> Payments:
    """Return online payments that the customer did not make in person: the merchant has the card on file."""
    payments = habitual(world, account, time_ms, rng, channel=np.full(len(account), ONLINE))
    nothing = np.full(len(account), NONE)
    return replace(
        payments,
        merchant=merchant,
        type=np.full(len(account), SUBSCRIPTION),
        device=nothing,
        ip=nothing,
        logins=nothing,
        city=nothing,
        latitude=np.full(len(account), np.nan),
        longitude=np.full(len(account), np.nan),
        duration_s=np.full(len(account), np.nan),
    )


def in_series(count: Ints, least_s: float, most_s: float, rng: Generator) -> Ints:
    """Return the offsets, in milliseconds from each series' start, of series of `count` payments each."""
    gaps = (rng.uniform(least_s, most_s, int(count.sum())) * 1000).astype(np.int64)
    first = np.cumsum(count) - count
    gaps[first[count > 0]] = 0
    elapsed = np.cumsum(gaps)
    offsets: Ints = elapsed - np.repeat(elapsed[np.minimum(first, max(len(gaps) - 1, 0))], count)
    return offsets


def _channels(people: Population, account: Ints, rng: Generator) -> Ints:
    online = rng.random(len(account)) < people.online_share[account]
    cash = rng.random(len(account)) < people.cash_share[account]
    return np.where(online, ONLINE, np.where(cash, ATM, POS))


def _merchants(people: Population, account: Ints, channel: Ints, here: Ints, away: Flags, rng: Generator) -> Ints:
    count = len(account)
    shops = people.merchants
    rank = (people.favourite_online.shape[1] * rng.random(count) ** 2).astype(np.int64)
    faithful = rng.random(count) < FAITHFUL
    # A family member with the second card shops where they live.
    second = people.second_city[account]
    there = (second != NONE) & ~away & (rng.random(count) < 0.3)
    city = np.where(there, second, here)
    online = np.where(faithful, people.favourite_online[account, rank], some_online(shops, count, rng))
    at_home = faithful & ~away & ~there
    in_shop = np.where(at_home, people.favourite_shops[account, rank], some_shop(shops, city, rng))
    return np.where(channel == ONLINE, online, np.where(channel == ATM, some_bank(shops, city, rng), in_shop))


def _places(
    people: Population, account: Ints, merchant: Ints, online: Flags, here: Ints, rng: Generator
) -> tuple[Ints, Floats, Floats]:
    """Return city, latitude and longitude as the payment tells them."""
    shops = people.merchants
    count = len(account)
    told = rng.random(count) < SHARES_PLACE
    home = here == people.home[account]
    latitude = np.where(home, people.latitude[account], CITY_LATITUDE[here]) + rng.normal(0, 0.005, count)
    longitude = np.where(home, people.longitude[account], CITY_LONGITUDE[here]) + rng.normal(0, 0.005, count)
    return (
        np.where(online, np.where(told, here, NONE), shops.city[merchant]),
        np.where(online, np.where(told, latitude, np.nan), shops.latitude[merchant]),
        np.where(online, np.where(told, longitude, np.nan), shops.longitude[merchant]),
    )


def _devices(world: World, account: Ints, time_ms: Ints, online: Flags, rng: Generator) -> Ints:
    """Return the phone in use, now and then the computer; in shops only where the phone is the wallet."""
    count = len(account)
    phone = account * _DEVICES_EACH + 2 + world.agenda.phones(account, time_ms)
    computer = account * _DEVICES_EACH + 1
    own = np.where(online & (rng.random(count) < 0.2), computer, phone)
    carried = online | (rng.random(count) < world.people.wallet_share[account])
    return np.where(carried, own, NONE)


def _connections(people: Population, account: Ints, here: Ints, away: Flags, rng: Generator) -> Ints:
    count = len(account)
    at_home = ~away & (rng.random(count) < 0.6)
    ip = np.where(at_home, people.home_ip[account], addresses(country_of(here), rng))
    tunnelled = rng.random(count) < people.foreign_exit[account]
    return np.where(tunnelled, addresses(other_country(country_of(here), rng), rng), ip)
