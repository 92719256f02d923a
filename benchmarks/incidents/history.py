"""The bank CSV as two halves by event time, with the coordinates of its cities; read only, never changed."""

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.incidents.cities import CITIES
from detectors.transaction import Transaction
from stream.sources.files import read_transactions

FILE = "bank_transactions_data_2.csv"


@dataclass(frozen=True)
class Halves:
    """A file's payments in event-time order, cut in the middle."""

    first: tuple[Transaction, ...]
    """What detectors may learn from."""
    second: tuple[Transaction, ...]
    """What incidents are put into."""


def default_path() -> Path:
    """Return where the file is looked for: in RISKSTREAM_DATA, else beside the project in shared/data."""
    return Path(os.environ.get("RISKSTREAM_DATA", "../shared/data")) / FILE


def read_halves(path: Path) -> Halves:
    """Read the file; a payment in a city that the table does not know has no coordinates."""
    payments = [_located(payment) for payment in read_transactions(path, strict=True).transactions]
    payments.sort(key=lambda payment: (payment.event_time, payment.transaction_id))
    middle = len(payments) // 2
    return Halves(tuple(payments[:middle]), tuple(payments[middle:]))


def _located(payment: Transaction) -> Transaction:
    return in_city(payment, payment.location)


def in_city(payment: Transaction, city: str | None) -> Transaction:
    """Return the payment made in that city."""
    latitude, longitude = CITIES.get(city or "", (None, None))
    return msgspec.structs.replace(payment, location=city, latitude=latitude, longitude=longitude)
