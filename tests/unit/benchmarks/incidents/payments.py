"""A small made-up file in the manner of the bank CSV."""

from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.incidents.cities import CITIES
from benchmarks.incidents.history import in_city
from detectors.transaction import Transaction

START = datetime(2023, 1, 2, tzinfo=UTC)
HOURS = (16, 19)
CITY_NAMES = tuple(CITIES)


def payments(count: int = 300, accounts: int = 60, days: int = 120) -> list[Transaction]:
    """Random payments in event-time order, between 16:00 and 19:00."""
    rng = np.random.default_rng(1)
    made = [
        in_city(
            Transaction(
                transaction_id=f"T{number:04d}",
                account_id=f"A{rng.integers(accounts):03d}",
                merchant_id=f"M{rng.integers(20):02d}",
                event_time=START
                + timedelta(
                    days=int(rng.integers(days)), seconds=int(rng.integers(HOURS[0] * 3600, HOURS[1] * 3600))
                ),
                amount=round(float(rng.exponential(300)) + 1, 2),
                transaction_type="Debit",
                channel="ATM",
                device_id=f"D{number}",
                customer_age=40,
                customer_occupation="Doctor",
                duration_s=float(rng.integers(10, 300)),
                login_attempts=1 + int(rng.random() < 0.05),
                account_balance=round(float(rng.uniform(2000, 14000)), 2),
            ),
            CITY_NAMES[int(rng.integers(len(CITY_NAMES)))],
        )
        for number in range(count)
    ]
    return sorted(made, key=lambda payment: payment.event_time)
