"""The feature row: its columns, their order and their version. What each column means is in docs/features.md.

Values are rounded by definition, so that a published row gives back the scores that were published with it.
"""

from collections.abc import Sequence
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from detectors.merchants.features import MERCHANT_FEATURES

FEATURE_VERSION = "2"
"""Changes whenever a column, its order or its meaning changes; a bundle serves one version only."""

ACCOUNT_FEATURES = (
    "log_amount",
    "amount_z",
    "amount_ratio",
    "max_amount_z_1d",
    "max_amount_z_7d",
    "max_amount_z_30d",
    "count_1h",
    "count_1d",
    "count_7d",
    "count_30d",
    "amount_1d",
    "amount_7d",
    "amount_30d",
    "velocity_ratio",
    "gap",
    "gap_z",
    "new_device",
    "new_merchant",
    "new_country",
    "travel_speed",
    "hour_rarity",
    "login_attempts",
    "login_attempts_z",
    "balance_share",
    "balance_share_z",
    "duration_z",
    "ip_country_mismatch",
    "history",
)
"""Made from the memory of the payment's account, and from the payment itself."""

FEATURES = (*ACCOUNT_FEATURES, *MERCHANT_FEATURES)

DECIMALS = 6

_pack = Struct(f"={len(FEATURES)}d").pack


def feature_matrix(rows: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """The rows as one matrix: (n, len(FEATURES)) float64, NaN is missing, rounded to 6 decimals.

    >>> float(feature_matrix([[0.12345678] * len(FEATURES)])[0, 0])
    0.123457
    """
    packed = b"".join([_pack(*row) for row in rows])  # numpy takes three times as long to read lists
    return np.frombuffer(packed).reshape(len(rows), len(FEATURES)).round(DECIMALS)
