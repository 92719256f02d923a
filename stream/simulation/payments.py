"""The columns that simulated payments are made of, and what their numbers stand for."""

from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NONE = -1
"""Absent, in a column of whole numbers; NaN in a column of floats."""

CHANNELS = ("Online", "POS", "ATM")
ONLINE, POS, ATM = range(3)
TYPES = ("purchase", "withdrawal", "transfer", "bill", "subscription")
PURCHASE, WITHDRAWAL, TRANSFER, BILL, SUBSCRIPTION = range(5)


class Story(IntEnum):
    """Why a payment happened: as always, a genuine event that looks like fraud, or a fraud."""

    HABIT = 0
    HOLIDAY = 1
    NEW_PHONE = 2
    FORGOTTEN_PASSWORD = 3
    BORROWED_DEVICE = 4
    LARGE_PURCHASE = 5
    SALARY_DAY = 6
    MONTHLY_BILL = 7
    SUBSCRIPTION = 8
    SMALL_PAYMENTS = 9
    SHOPPING_SPREE = 10
    FLASH_SALE = 11
    CARD_TESTING = 20
    ACCOUNT_TAKEOVER = 21
    MERCHANT_COMPROMISE = 22
    AMOUNT_BURST = 23
    IMPOSSIBLE_TRAVEL = 24

    @property
    def is_fraud(self) -> bool:
        """Say whether this is a fraud pattern."""
        return self >= Story.CARD_TESTING


PATTERNS = tuple(story for story in Story if story.is_fraud)
LOOKALIKES = tuple(story for story in Story if story is not Story.HABIT and not story.is_fraud)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payments:
    """n simulated payments as columns of shape (n,)."""

    time_ms: Ints
    """Milliseconds since 1970, UTC."""
    account: Ints
    merchant: Ints
    amount: Floats
    """USD, whole cents."""
    type: Ints
    channel: Ints
    device: Ints
    ip: Ints
    """An IPv4 address as a number."""
    city: Ints
    """Where the payment was made, an index of CITIES; NONE where nobody could tell."""
    latitude: Floats
    """Degrees."""
    longitude: Floats
    """Degrees."""
    country: Ints
    """Index of COUNTRIES: of the shop, or the billing country of an online payment."""
    duration_s: Floats
    """Seconds."""
    logins: Ints
    balance: Floats
    """USD, before the payment."""
    story: Ints

    def __len__(self) -> int:
        return len(self.time_ms)

    def where(self, chosen: Flags | Ints | slice) -> Self:
        """Return the chosen rows, or the rows in the given order."""
        return replace(self, **{each.name: getattr(self, each.name)[chosen] for each in fields(self)})

    def in_order(self) -> Self:
        """Return the same payments by event time; those of one moment by account."""
        return self.where(np.lexsort((self.account, self.time_ms)))


def join(parts: list[Payments]) -> Payments:
    """Return all parts' rows, one part after the other."""
    return Payments(
        **{each.name: np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Payments)}
    )


def choose(flags: Flags, yes: Payments, no: Payments) -> Payments:
    """Return row by row the one payment or the other."""
    return Payments(
        **{
            each.name: np.where(flags, getattr(yes, each.name), getattr(no, each.name))
            for each in fields(Payments)
        }
    )
