"""The part of the feature row that comes from the merchant's memory; docs/features.md has it in words."""

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.merchants.profile import MerchantProfile
from detectors.merchants.reading import NOTHING, Sums, Together
from detectors.merchants.view import Merchants
from detectors.timing import Timing

MERCHANT_FEATURES: Final = (
    "merchant_count_1d",
    "merchant_count_7d",
    "merchant_count_30d",
    "merchant_velocity_ratio",
    "merchant_z_1d",
    "merchant_z_7d",
    "merchant_risk_1d",
    "merchant_risk_7d",
    "merchant_risk_30d",
    "merchant_run",
)
Z_PRIOR_PAYMENTS: Final = 5.0
"""Payments without deviation that a merchant's mean starts from."""
RISK_PRIOR_PAYMENTS: Final = 3.0
"""Genuine payments that a merchant's share of frauds starts from."""

_NO_FRAUDS: Final = (0, 0, 0)
_NO_RISKS: Final = [0.0] * 4


class MerchantReading(msgspec.Struct, frozen=True, gc=False):
    """What is known of a payment's merchant at its time."""

    known: bool
    """Whether the totals are complete; else everything that depends on them is missing."""
    row: list[float]
    """The values of `MERCHANT_FEATURES`, in order; NaN where the totals are not complete."""
    sums: Sums = NOTHING


UNKNOWN: Final = MerchantReading(False, [math.nan] * len(MERCHANT_FEATURES))
NEW: Final = MerchantReading(True, [0.0] * len(MERCHANT_FEATURES))


def read_merchants(
    merchants: Merchants, merchant_ids: Sequence[str], activity_edges: Sequence[int], timing: Timing
) -> list[MerchantReading]:
    """Look merchants up for payments at times with these activity edges."""
    readings = [UNKNOWN] * len(activity_edges)
    places: list[int] = []
    profiles: list[MerchantProfile] = []
    edges: list[int] = []
    newest = merchants.edge
    for place, (merchant_id, edge) in enumerate(zip(merchant_ids, activity_edges, strict=True)):
        if edge > newest:
            continue
        profile = merchants.profile(merchant_id)
        if profile is None:
            readings[place] = NEW
            continue
        places.append(place)
        profiles.append(profile)
        edges.append(edge)
    if profiles:
        together = Together(profiles, edges, timing)
        sums = together.sums()
        rows = merchant_rows(together.payments, together.deviations, sums)
        for place, exact, row, its in zip(places, together.exact(), rows, sums, strict=True):
            if exact:
                readings[place] = MerchantReading(True, row, its)
    return readings


def merchant_rows(
    payments: NDArray[np.int64], deviations: NDArray[np.int64], sums: Sequence[Sums]
) -> list[list[float]]:
    """The values of `MERCHANT_FEATURES` for each of n `sums`, whose payments and deviations are also (3, n)."""
    velocity_ratio = np.log((payments[0] + 1) / (payments[2] / 30 + 1))
    means = deviations[:2] / 1000 / (payments[:2] + Z_PRIOR_PAYMENTS)
    rows: list[list[float]] = np.concatenate([np.log1p(payments), velocity_ratio[None], means]).T.tolist()
    for row, its in zip(rows, sums, strict=True):
        row += _NO_RISKS if its.frauds == _NO_FRAUDS else _risks(its)
    return rows


def _risks(sums: Sums) -> list[float]:
    """The merchant's share of frauds in each window, and its run of them."""
    shares = [known / (seen + RISK_PRIOR_PAYMENTS) for known, seen in zip(sums.frauds, sums.exposed, strict=True)]
    week, since = sums.frauds[1], sums.since
    return [*shares, 0.0 if since is None else week / (week + RISK_PRIOR_PAYMENTS * (1 + since))]
