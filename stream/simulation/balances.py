"""What is on an account before each payment: income on pay-days, less what was spent."""

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from stream.simulation.agenda import DAY_MS
from stream.simulation.habits import World
from stream.simulation.payments import Floats, Ints, Payments


def with_balances(world: World, payments: Payments, rng: Generator) -> Payments:
    """Return genuine payments with the balance before each; rows come in event-time order and stay so.

    Income is what the account spends, and up to a fifth more; savings at the start are worth a week to half a
    year of it. No genuine payment is larger than its balance.
    """
    people = len(world.people)
    order = np.argsort(payments.account, kind="stable")
    account, amount = payments.account[order], payments.amount[order]
    monthly = np.bincount(account, amount, people) / world.agenda.days * 30
    monthly = np.maximum(monthly, 100) * rng.uniform(1.0, 1.2, people)
    savings = monthly * np.exp(rng.uniform(np.log(0.25), np.log(6), people))
    spent = np.cumsum(amount) - amount
    first = np.searchsorted(account, np.arange(people))
    spent -= np.append(spent, 0.0)[np.minimum(first, len(spent))][account]
    left = savings[account] + monthly[account] * _paydays_passed(world, account, payments.time_ms[order]) - spent
    least = amount * rng.uniform(1.02, 1.5, len(amount))
    balance = np.empty(len(amount))
    balance[order] = np.round(np.maximum(left, least), 2)
    return replace(payments, balance=balance)


def balance_at(world: World, genuine: Payments, account: Ints, time_ms: Ints) -> Floats:
    """Return what was left after the last genuine payment before each moment; before the first, its balance."""
    order = np.lexsort((genuine.time_ms, genuine.account))
    keys = _keys(world, genuine.account[order], genuine.time_ms[order])
    at = np.searchsorted(keys, _keys(world, account, time_ms)) - 1
    earlier = order[np.maximum(at, 0)]
    later = order[np.minimum(at + 1, len(order) - 1)]
    known = (at >= 0) & (genuine.account[earlier] == account)
    left = np.where(known, genuine.balance[earlier] - genuine.amount[earlier], genuine.balance[later])
    return np.maximum(left, 5.0)


def with_balances_of_victims(world: World, genuine: Payments, frauds: Payments, rng: Generator) -> Payments:
    """Return frauds with the balance before each: less the frauds of the day before, which are then refunded."""
    order = np.lexsort((frauds.time_ms, frauds.account))
    account, time, amount = frauds.account[order], frauds.time_ms[order], frauds.amount[order]
    total = np.append(0.0, np.cumsum(amount))
    keys = _keys(world, account, time)
    stolen = total[:-1] - total[np.searchsorted(keys, keys - DAY_MS)]
    left = balance_at(world, genuine, account, time) - stolen
    balance = np.empty(len(amount))
    balance[order] = np.round(np.maximum(left, amount * rng.uniform(1.02, 1.5, len(amount))), 2)
    return replace(frauds, balance=balance)


def _keys(world: World, account: Ints, time_ms: Ints) -> Ints:
    """Return numbers that order by account, then time, with days between two accounts."""
    return account * (world.agenda.days + 3) * DAY_MS + (time_ms - world.agenda.start_ms)


def _paydays_passed(world: World, account: Ints, time_ms: Ints) -> Floats:
    passed = np.zeros(len(account))
    for index, days in enumerate(world.agenda.paydays):
        mine = world.people.payday[account] == index
        passed[mine] = np.searchsorted(days, time_ms[mine], side="right")
    return passed
