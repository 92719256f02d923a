"""The people and shops of a simulated world: who they are follows from the seed alone, not from the calendar."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from stream.simulation.geography import CITY_LATITUDE, CITY_LONGITUDE, HOMES, VISITS, addresses, country_of, pick
from stream.simulation.payments import NONE, Floats, Ints

OCCUPATIONS = ("Student", "Clerk", "Teacher", "Engineer", "Nurse", "Doctor", "Manager", "Retired")
_SPENDING = np.array([-0.5, -0.1, 0.0, 0.3, 0.0, 0.6, 0.5, -0.2])
"""What an occupation adds to the logarithm of the usual amount."""
_AGES = np.array([(18, 27), (22, 64), (25, 65), (23, 65), (22, 64), (28, 68), (30, 66), (62, 88)])
PAYDAYS = (1, 15, 25)
"""Days of the month."""

CATEGORIES = (
    ("grocery", 1.0),
    ("restaurant", 0.8),
    ("fashion", 1.4),
    ("electronics", 2.2),
    ("pharmacy", 0.7),
    ("fuel", 1.1),
    ("travel", 2.5),
    ("digital", 0.4),
    ("games", 0.3),
    ("gift cards", 1.3),
    ("household", 1.5),
    ("transfers", 2.0),
)
"""Kinds of shop, and their amounts as a multiple of what an account usually spends."""
FACTORS = np.array([factor for _, factor in CATEGORIES])
_SHOPS = np.array([0, 0, 1, 1, 2, 3, 4, 5, 10])
_ONLINE_SHOPS = np.array([2, 2, 3, 6, 7, 7, 8, 9, 10, 11])
SMALL_CATEGORIES = np.array([7, 8])
CASHABLE_CATEGORIES = np.array([3, 9, 11])
"""What thieves buy: electronics, gift cards, transfers."""

ONLINE_SHARE = 0.4
"""Of the merchants; the others stand in a city, every tenth of them a bank with a cash machine."""
_FAVOURITES = 8
_DISTINCT_SHOPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchants:
    """m merchants, columns of shape (m,); first those online, then city by city the banks, then the shops."""

    category: Ints
    city: Ints
    """NONE for merchants online."""
    latitude: Floats
    longitude: Floats
    online: int
    """How many are online: merchants 0 to online - 1."""
    first_bank: Ints
    """(cities,) the first merchant of each city, which is a bank."""
    first_shop: Ints
    """(cities,)"""
    end: Ints
    """(cities,) one past the last merchant of each city."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """n accounts, columns of shape (n,) unless said otherwise, and the merchants they meet."""

    merchants: Merchants
    age: Ints
    occupation: Ints
    home: Ints
    """City."""
    second_city: Ints
    """Where a family member holds a second card; NONE for most."""
    latitude: Floats
    """Of the home."""
    longitude: Floats
    per_day: Floats
    """Payments."""
    log_amount: Floats
    """Natural logarithm of the usual amount, USD."""
    spread: Floats
    """Standard deviation of the logarithm."""
    online_share: Floats
    cash_share: Floats
    wallet_share: Floats
    """Of the payments in shops that are made with a phone."""
    peak_h: Floats
    """The local hour they mostly pay at."""
    width_h: Floats
    night: Floats
    """Share of payments at any hour at all."""
    home_ip: Ints
    foreign_exit: Floats
    """Share of online payments through a private network that ends in another country."""
    favourite_online: Ints
    """(n, 8) merchants, the dearest first."""
    favourite_shops: Ints
    """(n, 8)"""
    payday: Ints
    """Index of PAYDAYS."""
    pays_rent: Floats
    """Rent or instalment as a share of the usual monthly spending; 0 for none."""
    subscriptions: Ints

    def __len__(self) -> int:
        return len(self.age)


def populate(accounts: int, merchants: int, rng: Generator) -> Population:
    """Draw the people and shops of one world."""
    shops = _open_shops(merchants, rng)
    occupation = rng.choice(len(OCCUPATIONS), accounts, p=[0.15, 0.17, 0.1, 0.14, 0.1, 0.06, 0.1, 0.18])
    home = pick(HOMES, accounts, rng)
    second = pick(HOMES, accounts, rng)
    shared = (rng.random(accounts) < 0.012) & (second != home)
    youngest, oldest = _AGES[occupation].T
    return Population(
        merchants=shops,
        age=rng.integers(youngest, oldest + 1),
        occupation=occupation,
        home=home,
        second_city=np.where(shared, second, NONE),
        latitude=CITY_LATITUDE[home] + rng.normal(0, 0.04, accounts),
        longitude=CITY_LONGITUDE[home] + rng.normal(0, 0.04, accounts),
        per_day=np.clip(np.exp(rng.normal(0.1, 0.6, accounts)), 0.2, 5),
        log_amount=rng.normal(3.4, 0.6, accounts) + _SPENDING[occupation],
        spread=rng.uniform(0.3, 0.6, accounts),
        online_share=rng.beta(3, 4, accounts),
        cash_share=rng.beta(1.2, 12, accounts),
        wallet_share=rng.choice([0.0, 0.3, 0.8], accounts, p=[0.5, 0.3, 0.2]),
        peak_h=rng.choice([8.0, 12.5, 18.0, 22.5], accounts, p=[0.12, 0.38, 0.4, 0.1])
        + rng.normal(0, 1, accounts),
        width_h=rng.uniform(1.5, 4, accounts),
        night=rng.choice([0.02, 0.08, 0.3], accounts, p=[0.5, 0.4, 0.1]),
        home_ip=addresses(country_of(home), rng),
        foreign_exit=rng.choice([0.004, 0.5], accounts, p=[0.96, 0.04]),
        favourite_online=rng.integers(0, shops.online, (accounts, _FAVOURITES)),
        favourite_shops=some_shop(shops, np.repeat(home, _FAVOURITES), rng).reshape(accounts, _FAVOURITES),
        payday=rng.integers(0, len(PAYDAYS), accounts),
        pays_rent=np.where(rng.random(accounts) < 0.6, rng.uniform(0.3, 0.9, accounts), 0.0),
        subscriptions=rng.poisson(1.2, accounts),
    )


def _open_shops(count: int, rng: Generator) -> Merchants:
    online = int(count * ONLINE_SHARE)
    weights = HOMES + VISITS
    # Each city gets its few shops and a bank, the rest go where people are.
    least = _DISTINCT_SHOPS + 1
    rest = np.floor((count - online - least * len(HOMES)) * weights / weights.sum()).astype(np.int64)
    shops_per_city = np.maximum(rest, 0) + least
    banks = np.maximum(shops_per_city // 10, 1)
    end = online + np.cumsum(shops_per_city)
    first_bank = end - shops_per_city
    city = np.concatenate([np.full(online, NONE), np.repeat(np.arange(len(HOMES)), shops_per_city)])
    total = len(city)
    standing = city >= 0
    return Merchants(
        category=np.where(standing, rng.choice(_SHOPS, total), rng.choice(_ONLINE_SHOPS, total)),
        city=city,
        latitude=np.where(standing, CITY_LATITUDE[city] + rng.normal(0, 0.03, total), np.nan),
        longitude=np.where(standing, CITY_LONGITUDE[city] + rng.normal(0, 0.03, total), np.nan),
        online=online,
        first_bank=first_bank,
        first_shop=first_bank + banks,
        end=end,
    )


def some_shop(merchants: Merchants, city: Ints, rng: Generator) -> Ints:
    """Return a shop of each given city; a few shops of a city see most of its people."""
    first, end = merchants.first_shop[city], merchants.end[city]
    return first + ((end - first) * rng.random(len(city)) ** 1.5).astype(np.int64)


def some_bank(merchants: Merchants, city: Ints, rng: Generator) -> Ints:
    """Return a cash machine of each given city."""
    first, end = merchants.first_bank[city], merchants.first_shop[city]
    return first + ((end - first) * rng.random(len(city))).astype(np.int64)


def some_online(merchants: Merchants, count: int, rng: Generator, categories: Ints | None = None) -> Ints:
    """Return merchants online, of the given categories if any; some are much larger than others."""
    category = merchants.category[: merchants.online]
    among = np.arange(len(category)) if categories is None else np.flatnonzero(np.isin(category, categories))
    if not len(among):
        among = np.arange(len(category))
    return among[(len(among) * rng.random(count) ** 1.5).astype(np.int64)]
