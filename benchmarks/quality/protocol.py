"""The handbook's protocol: train on seven days, wait seven for their labels, test on the next seven.

Cards that are known as compromised by a test day take no part in it. What is known is what was labelled seven days
after the payment; nothing here looks at a later label.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.errors import QualityError
from benchmarks.quality.payments import Payments
from detectors.evaluation.scored import DAY, WEEK, microseconds, moment

TRAINED: Final = WEEK
DELAY: Final = WEEK
"""A payment's label is known this long after it."""
TESTED: Final = WEEK
SPAN: Final = TRAINED + DELAY + TESTED
PROTOCOL: Final = (
    "Fraud Detection Handbook (Le Borgne, Siblini, Lebichot, Bontempi, 2022): training week from train_start,"
    " seven days of label delay, seven test days; cards with a fraud in the training week, or on a day from then"
    " to eight days before the test day, are removed from that test day."
)
NOT_TOLD: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Split:
    """Where the weeks of one run are among the payments."""

    start: int
    """First moment of the training week, microseconds since 1970."""
    train: slice
    test: slice
    evaluated: NDArray[np.int64]
    """(m,) positions of the test payments that count, rising: those of cards not known as compromised."""

    @property
    def trained_until(self) -> int:
        """First moment after the training week."""
        return self.start + TRAINED

    @property
    def known_from(self) -> int:
        """When every label of the training week is known, and testing begins."""
        return self.start + TRAINED + DELAY


def start_of(day: date) -> int:
    """Return the first moment of a day, UTC, in microseconds since 1970."""
    return microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))


def split(payments: Payments, start: int) -> Split:
    """Cut out the weeks; refused with a `QualityError` if the file has no payments or no frauds to train on."""
    train, test = _between(payments, start, TRAINED), _between(payments, start + TRAINED + DELAY, TESTED)
    day = moment(start).date()
    for what, week in (("training", train), ("test", test)):
        if week.start == week.stop:
            covered = f"{moment(int(payments.time[0])):%Y-%m-%d} to {moment(int(payments.time[-1])):%Y-%m-%d}"
            raise QualityError(
                f"the {what} week of training start {day} holds no payments (the file covers {covered}): choose"
                f" another day; its test week ends {SPAN // DAY} days later"
            )
    if not payments.fraud[train].any():
        raise QualityError(f"no fraud is known in the training week from {day}: choose another day")
    return Split(start, train, test, _uncompromised(payments, start, test))


def earlier_starts(start: int, first: int, weeks: int) -> list[int]:
    """Starts of up to `weeks` earlier training weeks, latest first.

    Their test weeks end by `start`, and none begins before `first`.
    """
    starts = [start - SPAN - number * WEEK for number in range(weeks)]
    return [earlier for earlier in starts if earlier >= first]


def _between(payments: Payments, start: int, length: int) -> slice:
    first, last = np.searchsorted(payments.time, [start, start + length])
    return slice(int(first), int(last))


def _uncompromised(payments: Payments, start: int, test: slice) -> NDArray[np.int64]:
    """Positions of test payments whose card had no fraud from `start` to eight days before their day."""
    first = np.full(int(payments.card.max()) + 1, NOT_TOLD)
    since = np.flatnonzero(payments.fraud & (payments.time >= start))
    np.minimum.at(first, payments.card[since], payments.time[since])
    day = (payments.time[test] - start) // DAY
    told = first[payments.card[test]] < start + (day - DELAY // DAY) * DAY
    positions: NDArray[np.int64] = np.flatnonzero(~told) + test.start
    return positions
