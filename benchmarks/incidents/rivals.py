"""What the file's columns give without any memory: detectors fitted on the raw numbers of the first half."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.preprocessing import StandardScaler

from detectors.transaction import Transaction

Floats = NDArray[np.float64]
Scorer = Callable[[Floats], Floats]
"""Raw columns (n, 10) -> scores (n,), higher is stranger."""

COLUMNS: Final = (
    "amount",
    "duration_s",
    "login_attempts",
    "account_balance",
    "customer_age",
    "hour of the day",
    "day of the week",
    "latitude",
    "longitude",
)
PAYMENT: Final = 6
"""So many of the columns are about the payment itself; the others only when and where."""
TREES: Final = 100
NEIGHBOURS: Final = 20


def raw_columns(payments: Sequence[Transaction]) -> Floats:
    """Return the file's numeric columns: (n, 9) float64, in the order of COLUMNS."""
    return np.array([_row(payment) for payment in payments], dtype=np.float64)


def _row(payment: Transaction) -> tuple[float | None, ...]:
    time = payment.event_time
    return (
        payment.amount,
        payment.duration_s,
        payment.login_attempts,
        payment.account_balance,
        payment.customer_age,
        time.hour + time.minute / 60,
        time.weekday(),
        payment.latitude,
        payment.longitude,
    )


def fit_rivals(rows: Floats, seed: int) -> dict[str, Scorer]:
    """Fit every rival on raw columns of the first half, (n, 9)."""
    scaler = StandardScaler().fit(rows)

    def standard(some: Floats, columns: int) -> Floats:
        scaled: Floats = scaler.transform(some)[:, :columns]
        return scaled

    def forest(columns: int) -> Scorer:
        fitted = IsolationForest(n_estimators=TREES, random_state=seed).fit(standard(rows, columns))
        return lambda some: -fitted.score_samples(standard(some, columns))

    def neighbours(columns: int) -> Scorer:
        fitted = LocalOutlierFactor(n_neighbors=NEIGHBOURS, novelty=True).fit(standard(rows, columns))
        return lambda some: -fitted.score_samples(standard(some, columns))

    width = len(COLUMNS)
    return {
        "z-score of the amount": lambda some: standard(some, 1)[:, 0],
        "largest z-score of a column": lambda some: np.abs(standard(some, PAYMENT)).max(axis=1),
        "isolation forest": forest(PAYMENT),
        "isolation forest, time and place too": forest(width),
        "local outlier factor": neighbours(PAYMENT),
        "local outlier factor, time and place too": neighbours(width),
    }
