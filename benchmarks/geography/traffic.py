"""Simulated traffic, cut in time, and the same with its places taken out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from detectors.transaction import Transaction
from stream.simulation import SimulatedTransaction, SimulationConfig, simulate

TRAINING_DAYS: Final = 35
TEST_DAYS: Final = 14
ACCOUNTS: Final = 300
FRAUD_RATE: Final = 0.01
"""The most that the simulator makes: a pattern has some 14 frauds in a town's test days even so."""

LOCATION: Final = ("location", "latitude", "longitude", "country")
"""What the payment itself says about its place."""
ADDRESS: Final = ("ip_address",)
"""What enrichment locates."""
VARIANTS: Final[dict[str, tuple[str, ...]]] = {
    "everything": (),
    "no location": LOCATION,
    "no address": ADDRESS,
    "neither": (*LOCATION, *ADDRESS),
}
"""Name -> fields of a payment that are taken out."""


@dataclass(frozen=True)
class Traffic:
    """Labelled payments in event-time order."""

    payments: tuple[SimulatedTransaction, ...]
    cut: datetime
    """Training ends here; what comes later is tested on."""


def draw_traffic(seed: int, accounts: int = ACCOUNTS, days: int = TRAINING_DAYS + TEST_DAYS) -> Traffic:
    """Simulate; another seed is another town."""
    config = SimulationConfig(seed=seed, accounts=accounts, days=days, fraud_rate=FRAUD_RATE)
    share = TRAINING_DAYS / (TRAINING_DAYS + TEST_DAYS)
    return Traffic(tuple(simulate(config)), config.start + timedelta(days=int(days * share)))


def without(fields: Iterable[str], traffic: Traffic) -> list[Transaction]:
    """Return the payments with these fields missing, in the same order."""
    nothing = dict.fromkeys(fields)
    return [msgspec.structs.replace(payment.transaction, **nothing) for payment in traffic.payments]
