"""The five fraud patterns: each starts as the victim's habitual payment and departs from it in a few columns."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from stream.simulation.agenda import DAY_MS, HOUR_MS
from stream.simulation.balances import balance_at, with_balances_of_victims
from stream.simulation.geography import addresses, far_city
from stream.simulation.habits import (
    World,
    abroad,
    at_shops,
    charged_by_merchant,
    dollars,
    habitual,
    in_series,
    strange_devices,
)
from stream.simulation.payments import (
    NONE,
    ONLINE,
    PURCHASE,
    TRANSFER,
    Flags,
    Floats,
    Ints,
    Payments,
    Story,
    choose,
    join,
)
from stream.simulation.population import (
    CASHABLE_CATEGORIES,
    FACTORS,
    SMALL_CATEGORIES,
    some_online,
    some_shop,
)

SHARES: dict[Story, float] = {
    Story.CARD_TESTING: 0.25,
    Story.ACCOUNT_TAKEOVER: 0.22,
    Story.MERCHANT_COMPROMISE: 0.15,
    Story.AMOUNT_BURST: 0.22,
    Story.IMPOSSIBLE_TRAVEL: 0.16,
}
"""Of all fraudulent payments."""
CLONE_LEAST_KM = 1200.0


def frauds(world: World, genuine: Payments, budget: int, rng: Generator) -> Payments:
    """Return at most `budget` fraudulent payments against the accounts that made the genuine ones.

    Parameters
    ----------
    genuine:
        Everybody's payments with balances, in event-time order.
    """
    parts = []
    ends = np.round(np.cumsum([*SHARES.values()]) * budget).astype(int)
    for story, quota in zip(SHARES, np.diff(ends, prepend=0).tolist(), strict=True):
        told = _STORIES[story](world, genuine, quota, rng)
        told = told.where(world.agenda.inside(told.time_ms)).where(slice(0, quota))
        parts.append(replace(told, story=np.full(len(told), int(story))))
    return with_balances_of_victims(world, genuine, join(parts).in_order(), rng)


def _card_testing(world: World, genuine: Payments, quota: int, rng: Generator) -> Payments:
    """Small payments in quick succession at several merchants, to see which cards live; then often one large."""
    people = world.people
    account, start, count = _attacks(world, genuine, quota, (4, 9), rng)
    who = np.repeat(account, count)
    time = np.repeat(start, count) + in_series(count, 15, 200, rng)
    payments = _from_elsewhere(world, habitual(world, who, time, rng, _online(who)), count, 0.5, rng)
    last = _is_last(count) & np.repeat(rng.random(len(account)) < 0.6, count)
    large = np.exp(people.log_amount[who]) * rng.uniform(2, 7, len(who))
    seconds = np.maximum(np.round(rng.lognormal(1.9, 0.5, len(who)), 1), 1)
    return replace(
        payments,
        merchant=np.where(
            last,
            some_online(people.merchants, len(who), rng, CASHABLE_CATEGORIES),
            some_online(people.merchants, len(who), rng, SMALL_CATEGORIES),
        ),
        amount=dollars(np.where(last, large, rng.lognormal(0.8, 0.7, len(who)))),
        duration_s=np.where(last, payments.duration_s, seconds),
        type=np.full(len(who), PURCHASE),
    )


def _account_takeover(world: World, genuine: Payments, quota: int, rng: Generator) -> Payments:
    """Log-in attempts, a new device, then most of the balance goes in a few payments."""
    account, start, count = _attacks(world, genuine, quota, (1, 4), rng)
    who = np.repeat(account, count)
    time = np.repeat(start, count) + in_series(count, 90, 1500, rng)
    payments = _from_elsewhere(world, habitual(world, who, time, rng, _online(who)), count, 0.5, rng)
    guessed = np.where(rng.random(len(account)) < 0.25, 1, 1 + rng.geometric(0.35, len(account)))
    attempts = np.where(_is_first(count), np.repeat(np.minimum(guessed, 12), count), 1)
    taken = rng.uniform(0.15, 0.75, len(who))
    left = _left_before(np.repeat(balance_at(world, genuine, account, start), count), taken, count)
    return replace(
        payments,
        merchant=some_online(world.people.merchants, len(who), rng, CASHABLE_CATEGORIES),
        amount=dollars(left * taken),
        logins=attempts,
        type=np.where(rng.random(len(who)) < 0.6, TRANSFER, PURCHASE),
    )


def _merchant_compromise(world: World, genuine: Payments, quota: int, rng: Generator) -> Payments:
    """For some days the customers of one online merchant are charged by those who stole its cards."""
    merchants = world.people.merchants
    online = np.flatnonzero(genuine.merchant < merchants.online)
    online = online[np.argsort(genuine.merchant[online], kind="stable")]
    sold = genuine.merchant[online]
    parts: list[Payments] = []
    for _ in range(quota if len(online) else 0):
        if sum(map(len, parts)) >= quota:
            break
        merchant = int(sold[rng.integers(len(sold))])
        customers = online[slice(*np.searchsorted(sold, [merchant, merchant + 1]))]
        opens = world.agenda.start_ms + int(rng.uniform(0.1, 0.95) * world.agenda.days) * DAY_MS
        paid = genuine.time_ms[customers]
        victims = np.unique(genuine.account[customers[(paid < opens) & (paid > opens - 30 * DAY_MS)]])
        victims = rng.permutation(victims)[: 4 + rng.integers(12)]
        who = np.repeat(victims, rng.integers(1, 4, len(victims)))
        # By a script in the night hours of its owner, not at the customer's hours.
        hours = rng.integers(0, 4, len(who)) * 24 + rng.uniform(0, 9, len(who))
        time = opens + (hours * HOUR_MS).astype(np.int64)
        charges = charged_by_merchant(world, who, time, np.full(len(who), merchant), rng)
        usual = np.exp(world.people.log_amount[who]) * FACTORS[merchants.category[merchant]]
        parts.append(replace(charges, amount=dollars(usual * rng.uniform(2, 8, len(who)))))
    return join([genuine.where(slice(0, 0)), *parts])


def _amount_burst(world: World, genuine: Payments, quota: int, rng: Generator) -> Payments:
    """A stolen card buys what can be sold: several times the usual, again and again within the hour."""
    people = world.people
    account, start, count = _attacks(world, genuine, quota, (3, 8), rng)
    who = np.repeat(account, count)
    time = np.repeat(start, count) + in_series(count, 60, 900, rng)
    at_desk = _from_elsewhere(world, habitual(world, who, time, rng, _online(who)), count, 0.3, rng)
    at_desk = replace(
        at_desk,
        merchant=some_online(people.merchants, len(who), rng, CASHABLE_CATEGORIES),
        type=_all(who, PURCHASE),
    )
    in_town = at_shops(at_desk, people, some_shop(people.merchants, people.home[who], rng))
    online = np.repeat(rng.random(len(account)) < 0.4, count)
    payments = choose(online, at_desk, in_town)
    usual = np.exp(people.log_amount[payments.account])
    return replace(payments, amount=dollars(usual * rng.uniform(4, 11, len(payments))))


def _impossible_travel(world: World, genuine: Payments, quota: int, rng: Generator) -> Payments:
    """A copied card pays in a distant city minutes after its owner paid in a shop."""
    people = world.people
    in_shops = genuine.where((genuine.channel != ONLINE) & (people.second_city[genuine.account] == NONE))
    if not len(in_shops):
        return genuine.where(slice(0, 0))
    seen = in_shops.where(rng.integers(0, len(in_shops), quota))
    count = rng.integers(1, 4, len(seen))
    who = np.repeat(seen.account, count)
    start = seen.time_ms + (rng.uniform(8, 100, len(seen)) * 60_000).astype(np.int64)
    time = np.repeat(start, count) + in_series(count, 120, 1800, rng)
    city = np.repeat(far_city(seen.city, CLONE_LEAST_KM, rng), count)
    merchant = some_shop(people.merchants, city, rng)
    payments = at_shops(habitual(world, who, time, rng, _online(who)), people, merchant)
    usual = np.exp(people.log_amount[who]) * FACTORS[people.merchants.category[merchant]]
    return replace(payments, amount=dollars(usual * rng.uniform(0.6, 4, len(who))))


_STORIES: dict[Story, Callable[[World, Payments, int, Generator], Payments]] = {
    Story.CARD_TESTING: _card_testing,
    Story.ACCOUNT_TAKEOVER: _account_takeover,
    Story.MERCHANT_COMPROMISE: _merchant_compromise,
    Story.AMOUNT_BURST: _amount_burst,
    Story.IMPOSSIBLE_TRAVEL: _impossible_travel,
}


def _attacks(
    world: World, genuine: Payments, quota: int, lengths: tuple[int, int], rng: Generator
) -> tuple[Ints, Ints, Ints]:
    """Return victims, when each attack begins, and how many payments it has; enough for the quota.

    Active accounts are hit more often, as their details are in more places. Attacks come at any hour.
    """
    least, most = lengths
    attacks = quota // least + 1 if len(genuine) else 0
    victim = genuine.account[rng.integers(0, max(len(genuine), 1), attacks)]
    span = world.agenda.end_ms - world.agenda.start_ms
    start = world.agenda.start_ms + (rng.random(attacks) * span).astype(np.int64)
    return victim, start, rng.integers(least, most + 1, attacks)


def _from_elsewhere(world: World, payments: Payments, count: Ints, foreign: float, rng: Generator) -> Payments:
    """Return the payments of each attack from one device that is not the victim's, and one network."""
    device = np.repeat(strange_devices(world.people, len(count), rng), count)
    first = np.cumsum(count) - count
    near = addresses(payments.country[first], rng) if len(payments) else payments.ip
    far = abroad(replace(payments.where(first), ip=near), foreign, rng).ip if len(payments) else near
    nowhere = np.full(len(payments), np.nan)
    return replace(
        payments,
        device=device,
        ip=np.repeat(far, count) if len(payments) else payments.ip,
        city=_all(payments.account, NONE),
        latitude=nowhere,
        longitude=nowhere,
        logins=_all(payments.account, 1),
    )


def _left_before(balance: Floats, taken: Floats, count: Ints) -> Floats:
    """Return the balance before each payment of a drain that takes a share of what is left each time."""
    kept = np.log1p(-taken)
    before = np.cumsum(kept) - kept
    first = np.cumsum(count) - count
    return balance * np.exp(before - np.repeat(before[first], count)) if len(balance) else balance


def _is_first(count: Ints) -> Flags:
    flags = np.zeros(int(count.sum()), dtype=bool)
    flags[np.cumsum(count) - count] = True
    return flags


def _is_last(count: Ints) -> Flags:
    flags = np.zeros(int(count.sum()), dtype=bool)
    flags[np.cumsum(count) - 1] = True
    return flags


def _online(account: Ints) -> Ints:
    return _all(account, ONLINE)


def _all(account: Ints, value: int) -> Ints:
    return np.full(len(account), value)
