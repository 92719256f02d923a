"""Genuine events that look like fraud: without them one column would give the frauds away.

Each function tells one story. Trips and new phones are planned in `agenda` and show in every habit; here they
get their names and their side effects.
"""

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from stream.simulation.agenda import DAY_MS, HOUR_MS, habitual_times
from stream.simulation.habits import (
    World,
    at_shops,
    charged_by_merchant,
    dollars,
    habitual,
    in_series,
    ordinary,
    strange_devices,
)
from stream.simulation.payments import (
    ATM,
    BILL,
    NONE,
    ONLINE,
    Flags,
    Ints,
    Payments,
    Story,
    choose,
    join,
)
from stream.simulation.population import SMALL_CATEGORIES, some_online, some_shop

FORGOTTEN_PASSWORDS = 0.025
"""Share of online payments after several log-in attempts."""
BORROWED_DEVICES = 0.02
"""Share of online payments from a device that the account never used."""
LARGE_PURCHASES = 0.01
"""Share of payments of 3 to 12 times the usual."""
NEW_PHONE_DAYS = 2
SPENDING_PAYDAYS = 0.35
"""Share of pay-days followed by a burst of larger payments."""
SPREES = 0.2
"""Shopping sprees of an account per 30 days."""
SMALL_SESSIONS = 0.25
"""Series of small payments (games, transit) of an account per 30 days."""
SALES_EVERY_DAYS = 4
SALE_VISITORS = 0.03
"""Share of all accounts that a flash sale draws."""


def genuine(world: World, rng: Generator) -> Payments:
    """Return everything genuine, in event-time order, still without balances."""
    everyday = ordinary(world, rng)
    everyday = _large_purchases(everyday, rng)
    everyday = _forgotten_passwords(everyday, rng)
    everyday = _borrowed_devices(world, everyday, rng)
    everyday = _new_phones(world, everyday, rng)
    told = [
        _salary_days(world, rng),
        _monthly_bills(world, rng),
        _subscriptions(world, rng),
        _small_payments(world, rng),
        _shopping_sprees(world, rng),
        _flash_sales(world, rng),
    ]
    return _possible(world, join([everyday, *told])).in_order()


def _possible(world: World, payments: Payments) -> Payments:
    """Return what can have happened: inside the simulated days, and nobody in a shop while on the way."""
    travels = world.agenda.in_transit(payments.account, payments.time_ms)
    away = world.agenda.trip(payments.account, payments.time_ms) != NONE
    shop = payments.channel != ONLINE
    at_home = np.isin(payments.story, (Story.SALARY_DAY, Story.SHOPPING_SPREE)) & shop
    hidden = replace(
        payments,
        city=np.where(travels & ~shop, NONE, payments.city),
        latitude=np.where(travels & ~shop, np.nan, payments.latitude),
        longitude=np.where(travels & ~shop, np.nan, payments.longitude),
    )
    return hidden.where(world.agenda.inside(payments.time_ms) & ~(shop & travels) & ~(at_home & away))


def _large_purchases(payments: Payments, rng: Generator) -> Payments:
    chosen = _some(payments, LARGE_PURCHASES, rng) & (payments.channel != ATM)
    amount = dollars(payments.amount * np.where(chosen, rng.uniform(3, 12, len(payments)), 1))
    return replace(_named(payments, chosen, Story.LARGE_PURCHASE), amount=amount)


def _forgotten_passwords(payments: Payments, rng: Generator) -> Payments:
    chosen = _some(payments, FORGOTTEN_PASSWORDS, rng) & (payments.channel == ONLINE)
    attempts = 2 + rng.geometric(0.35, len(payments))
    return replace(
        _named(payments, chosen, Story.FORGOTTEN_PASSWORD),
        logins=np.where(chosen, np.minimum(attempts, 12), payments.logins),
        duration_s=np.where(chosen, np.round(payments.duration_s * 1.8, 1), payments.duration_s),
    )


def _borrowed_devices(world: World, payments: Payments, rng: Generator) -> Payments:
    chosen = _some(payments, BORROWED_DEVICES, rng) & (payments.channel == ONLINE)
    devices = strange_devices(world.people, len(payments), rng)
    return replace(
        _named(payments, chosen, Story.BORROWED_DEVICE), device=np.where(chosen, devices, payments.device)
    )


def _new_phones(world: World, payments: Payments, rng: Generator) -> Payments:
    now = world.agenda.phones(payments.account, payments.time_ms)
    earlier = world.agenda.phones(payments.account, payments.time_ms - NEW_PHONE_DAYS * DAY_MS)
    chosen = (now > earlier) & (payments.channel == ONLINE)
    again = chosen & (rng.random(len(payments)) < 0.4)
    return replace(
        _named(payments, chosen, Story.NEW_PHONE),
        logins=np.where(again, rng.integers(2, 6, len(payments)), payments.logins),
    )


def _salary_days(world: World, rng: Generator) -> Payments:
    account, payday = _on_paydays(world, np.ones(len(world.people), dtype=bool))
    spends = rng.random(len(account)) < SPENDING_PAYDAYS
    account, payday = account[spends], payday[spends]
    count = rng.integers(2, 7, len(account))
    account, payday = np.repeat(account, count), np.repeat(payday, count)
    day = payday + rng.integers(0, 2, len(account)) * DAY_MS
    payments = habitual(world, account, habitual_times(world.people, account, day, rng), rng)
    amount = dollars(payments.amount * rng.uniform(1.2, 4, len(account)))
    return replace(_named(payments, None, Story.SALARY_DAY), amount=amount)


def _monthly_bills(world: World, rng: Generator) -> Payments:
    """Rent or an instalment, from the account's own phone or computer, to the same payee, after pay-day."""
    people = world.people
    account, payday = _on_paydays(world, people.pays_rent > 0)
    time = habitual_times(people, account, payday + rng.integers(0, 3, len(account)) * DAY_MS, rng)
    payments = habitual(world, account, time, rng, channel=np.full(len(account), ONLINE))
    monthly = people.per_day * 30 * np.exp(people.log_amount)
    return replace(
        _named(payments, None, Story.MONTHLY_BILL),
        merchant=people.favourite_online[account, -1],
        amount=dollars((monthly * people.pays_rent)[account] * rng.normal(1, 0.01, len(account))),
        type=np.full(len(account), BILL),
    )


def _subscriptions(world: World, rng: Generator) -> Payments:
    """Charges that the merchant starts: no device, no address, no log-in."""
    people = world.people
    owner = np.repeat(np.arange(len(people)), people.subscriptions)
    price = np.array([4.99, 9.99, 14.99, 19.99, 39.99, 79.0])[rng.integers(0, 6, len(owner))]
    merchant = some_online(people.merchants, len(owner), rng)
    months = -(-world.agenda.days // 30)
    first = world.agenda.start_ms + (rng.random(len(owner)) * 30 * DAY_MS).astype(np.int64)
    time = (first[:, None] + np.arange(months) * 30 * DAY_MS).ravel()
    account = np.repeat(owner, months)
    payments = charged_by_merchant(world, account, time, np.repeat(merchant, months), rng)
    return replace(_named(payments, None, Story.SUBSCRIPTION), amount=np.repeat(price, months))


def _small_payments(world: World, rng: Generator) -> Payments:
    starter, start = _occasions(world, SMALL_SESSIONS, rng)
    count = rng.integers(3, 11, len(starter))
    account = np.repeat(starter, count)
    time = np.repeat(start, count) + in_series(count, 15, 240, rng)
    payments = habitual(world, account, time, rng, channel=np.full(len(account), ONLINE))
    known = world.people.favourite_online[starter, 0]
    new = some_online(world.people.merchants, len(starter), rng, SMALL_CATEGORIES)
    merchant = np.where(rng.random(len(starter)) < 0.7, known, new)
    return replace(
        _named(payments, None, Story.SMALL_PAYMENTS),
        merchant=np.repeat(merchant, count),
        amount=dollars(rng.lognormal(0.7, 0.7, len(account))),
        duration_s=np.maximum(np.round(rng.lognormal(1.8, 0.5, len(account)), 1), 1),
    )


def _shopping_sprees(world: World, rng: Generator) -> Payments:
    """Several shops in an afternoon, some of them new; online as often as in town."""
    people = world.people
    starter, start = _occasions(world, SPREES, rng)
    count = rng.integers(3, 9, len(starter))
    account = np.repeat(starter, count)
    time = np.repeat(start, count) + in_series(count, 240, 2400, rng)
    online = np.repeat(rng.random(len(starter)) < 0.5, count)
    at_desk = habitual(world, account, time, rng, channel=np.full(len(account), ONLINE))
    in_town = at_shops(at_desk, people, some_shop(people.merchants, people.home[account], rng))
    payments = choose(online, at_desk, in_town)
    amount = dollars(payments.amount * rng.uniform(0.8, 3, len(payments)))
    return replace(_named(payments, None, Story.SHOPPING_SPREE), amount=amount)


def _flash_sales(world: World, rng: Generator) -> Payments:
    """One merchant draws many accounts within hours, most of them for the first time."""
    people, agenda = world.people, world.agenda
    sales = max(1, agenda.days // SALES_EVERY_DAYS)
    merchant = some_online(people.merchants, sales, rng)
    opens = agenda.start_ms + (rng.random(sales) * agenda.days * DAY_MS).astype(np.int64)
    visitors = rng.poisson(SALE_VISITORS * len(people), sales)
    account = rng.integers(0, len(people), visitors.sum())
    time = np.repeat(opens, visitors) + (rng.exponential(3, len(account)) * HOUR_MS).astype(np.int64)
    payments = habitual(world, account, time, rng, channel=np.full(len(account), ONLINE))
    return replace(
        _named(payments, None, Story.FLASH_SALE),
        merchant=np.repeat(merchant, visitors),
        amount=dollars(payments.amount * rng.uniform(1, 3, len(account))),
    )


def _occasions(world: World, per_month: float, rng: Generator) -> tuple[Ints, Ints]:
    """Return accounts and moments at their habitual hours, so many per account and 30 days."""
    people, agenda = world.people, world.agenda
    count = rng.poisson(per_month * agenda.days / 30, len(people))
    account = np.repeat(np.arange(len(people)), count)
    day = agenda.start_ms + rng.integers(0, agenda.days, len(account)) * DAY_MS
    return account, habitual_times(people, account, day, rng)


def _on_paydays(world: World, who: Flags) -> tuple[Ints, Ints]:
    """Return every pay-day of the given accounts, as account and midnight."""
    chosen = np.flatnonzero(who)
    pairs = [
        (np.repeat(group, len(days)), np.tile(days, len(group)))
        for index, days in enumerate(world.agenda.paydays)
        for group in [chosen[world.people.payday[chosen] == index]]
    ]
    return np.concatenate([account for account, _ in pairs]), np.concatenate([day for _, day in pairs])


def _some(payments: Payments, share: float, rng: Generator) -> Flags:
    flags: Flags = rng.random(len(payments)) < share
    return flags


def _named(payments: Payments, chosen: Flags | None, story: Story) -> Payments:
    names: Ints = np.full(len(payments), int(story))
    return replace(payments, story=names if chosen is None else np.where(chosen, names, payments.story))
