"""The numbers of a payment that an account has a habit in, and how far one of them is from the habit.

Habits are guarded: a value that deviates too far is scored but not learned, so fraud cannot make itself normal.
"""

import math
from collections.abc import Sequence

import msgspec

NUMERICS = ("log_amount", "log_gap", "log_duration", "login_attempts", "balance_share")
"""The order of priors, statistics and deviations. The logs are log1p: of base currency, seconds, seconds."""

SD_FLOORS = (0.1, 0.3, 0.2, 0.5, 0.02)
"""Smallest standard deviation of each numeric, in its own unit: a habit without variation still has some play.

10 % of an amount, 30 % of a gap, 20 % of a duration, half a log-in attempt, 2 % of the balance.
"""

LONGEST_MEMORY = 256
"""From this many values on, the oldest fade: a habit that changes slowly is followed."""


class Running(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A statistic that learns value by value (Welford, Technometrics 4(3), 1962)."""

    count: int
    mean: float
    squares: float
    """Sum of squared differences from the mean."""


_NOTHING = Running(0, 0.0, 0.0)
_VARIANCE_FLOORS = tuple(floor * floor for floor in SD_FLOORS)


class Prior(msgspec.Struct, frozen=True, gc=False):
    """What is usual in a segment, for an account of which little is known."""

    mean: float
    var: float


def usual(running: Running | None, prior: Prior, shrinkage: float) -> tuple[float, float]:
    """Mean and variance (before the floor) of a habit: the account's own with weight n / (n + shrinkage).

    >>> usual(Running(5, 10.0, 20.0), Prior(mean=0.0, var=2.0), shrinkage=5.0)
    (5.0, 3.0)
    """
    own = running or _NOTHING
    total = own.count + shrinkage
    return (
        (own.count * own.mean + shrinkage * prior.mean) / total,
        (own.squares + shrinkage * prior.var) / total,
    )


def learn(running: Running | None, value: float) -> Running:
    """The statistic with one more value.

    >>> learn(learn(None, 1.0), 3.0)
    Running(count=2, mean=2.0, squares=2.0)
    """
    count, mean, squares = (running.count, running.mean, running.squares) if running else (0, 0.0, 0.0)
    if count < LONGEST_MEMORY:
        count += 1
    else:
        squares -= squares / count
    difference = value - mean
    mean += difference / count
    return Running(count, mean, squares + difference * (value - mean))


def score_then_learn(
    habits: Sequence[Running | None],
    values: Sequence[float],
    priors: Sequence[Prior | None],
    shrinkage: float,
    guard_z: float,
) -> tuple[list[float], tuple[Running | None, ...]]:
    """Deviations of `values` from the habits, and the habits after learning what passed the guard.

    Everything is in the order of NUMERICS; NaN is missing. Without a prior there is nothing to measure or
    guard with, so a numeric that training never saw stays missing.
    """
    deviations = [math.nan] * len(values)
    learned = list(habits)
    for index, value in enumerate(values):
        prior = priors[index]
        if prior is None or value != value:  # NaN
            continue
        # `usual` and `learn`, written out: this loop runs five times a payment.
        own = habits[index] or _NOTHING
        count, mean, squares = own.count, own.mean, own.squares
        total = count + shrinkage
        var = (squares + shrinkage * prior.var) / total
        floor = _VARIANCE_FLOORS[index]
        difference = value - (count * mean + shrinkage * prior.mean) / total
        deviations[index] = deviation = difference / math.sqrt(var if var > floor else floor)
        if -guard_z <= deviation <= guard_z:
            if count < LONGEST_MEMORY:
                count += 1
            else:
                squares -= squares / count
            difference = value - mean
            mean += difference / count
            learned[index] = Running(count, mean, squares + difference * (value - mean))
    return deviations, tuple(learned)
