"""What an account's memory says about one payment: the numbers for the detectors, and those for the sentences."""

from typing import Literal

import msgspec

from detectors.baseline import Baseline, Segment
from detectors.merchants.features import MerchantReading
from detectors.numerics import Running
from detectors.transaction import EnrichedTransaction

Repeat = Literal["none", "duplicate", "conflict"]


class Details(msgspec.Struct, frozen=True, gc=False):
    """What the sentences of `detectors.reasons` need beside the feature row: the state before the payment."""

    transaction: EnrichedTransaction
    amount: float
    """In base currency; NaN where the currency has no rate."""
    payments: int
    days: float
    """Since the account was first seen; negative when the payment is older."""
    habits: tuple[Running | None, ...]
    segment: Segment
    baseline: Baseline
    approximate: bool
    """Some payments in the windows are known only by their hour."""
    merchant: MerchantReading


class Observation(msgspec.Struct, frozen=True, gc=False):
    """What an account's memory makes of one payment."""

    row: list[float]
    """In the order of `features.FEATURES`, NaN where missing; empty for a repeat."""
    payments: int
    """Known before this one."""
    late: bool
    """A younger payment of the account came before it."""
    repeat: Repeat
    """A payment sent twice ("conflict": with other content) is neither scored nor learned."""
    details: Details
    retracted: int = 0
    """-1 where a fraud was counted against the merchant that this payment's own amount explains."""
