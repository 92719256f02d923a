"""Scored payments to evaluate: a test names only the columns that it is about."""

from typing import Any

import numpy as np

from detectors.evaluation.scored import DAY, MONDAY, UNKNOWN, Scored
from detectors.features import FEATURES

START = MONDAY + 2_930 * 7 * DAY
"""A Monday in 2026."""


def scored(count: int, **columns: Any) -> Scored:
    """Return `count` payments an hour apart, of ten accounts, all low and unlabelled."""
    numbers = np.arange(count)
    values: dict[str, Any] = {
        "time": START + numbers * DAY // 24,
        "account": numbers % 10,
        "merchant": numbers % 3,
        "score": np.zeros(count),
        "statistic": np.zeros(count),
        "level": np.zeros(count),
        "maturity": np.full(count, 2),
        "alerted": np.zeros(count),
        "amount": np.full(count, 10.0),
        "scores": np.zeros((count, 4)),
        "features": np.zeros((count, len(FEATURES))),
        "label": np.full(count, UNKNOWN),
        "pattern": np.full(count, UNKNOWN),
    }
    kinds: dict[str, Any] = {"time": np.int64, "account": np.int32, "merchant": np.int32, "level": np.int8}
    kinds |= {"maturity": np.int8, "alerted": np.bool_, "label": np.int8, "pattern": np.int32}
    kinds |= {"features": np.float32}
    given = {name: np.asarray(value) for name, value in (values | columns).items()}
    return Scored(**{name: value.astype(kinds.get(name, np.float64)) for name, value in given.items()})
