"""The part of the feature row that comes from the merchant's memory; docs/features.md has it in words."""

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from detectors.merchants.profile import MerchantProfile
from detectors.merchants.reading import NOTHING, Sums, read_many
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

_log1p = math.log1p
_MISSING: Final = [math.nan] * len(MERCHANT_FEATURES)
_NO_FRAUDS: Final = (0, 0, 0)
_NO_RISKS: Final = [0.0] * 4


class MerchantReading(msgspec.Struct, frozen=True, gc=False):
    """What is known of a payment's merchant at its time."""

    known: bool
    """Whether the totals are complete; else everything that depends on them is missing."""
    sums: Sums = NOTHING


UNKNOWN: Final = MerchantReading(False)
NEW: Final = MerchantReading(True)


def read_merchants(
    merchants: Merchants, merchant_ids: Sequence[str], times: Sequence[int], timing: Timing
) -> list[MerchantReading]:
    """Look merchants up for payments at some times (seconds since 1970)."""
    readings = [UNKNOWN] * len(times)
    places: list[int] = []
    profiles: list[MerchantProfile] = []
    edges: list[int] = []
    newest = merchants.edge
    for place, (merchant_id, seconds) in enumerate(zip(merchant_ids, times, strict=True)):
        edge = timing.activity_edge(seconds)
        if edge > newest:
            continue
        profile = merchants.profile(merchant_id)
        if profile is None:
            readings[place] = NEW
            continue
        places.append(place)
        profiles.append(profile)
        edges.append(edge)
    for place, sums in zip(places, read_many(profiles, edges, timing), strict=True):
        if sums is not None:
            readings[place] = MerchantReading(True, sums)
    return readings


def merchant_row(reading: MerchantReading) -> list[float]:
    """The values of `MERCHANT_FEATURES`, in order; NaN where the totals are not complete."""
    if not reading.known:
        return _MISSING
    sums = reading.sums
    count_1d, count_7d, count_30d = sums.payments
    z_1d, z_7d, _ = sums.deviations
    return [
        _log1p(count_1d),
        _log1p(count_7d),
        _log1p(count_30d),
        math.log((count_1d + 1) / (count_30d / 30 + 1)),
        z_1d / 1000 / (count_1d + Z_PRIOR_PAYMENTS),
        z_7d / 1000 / (count_7d + Z_PRIOR_PAYMENTS),
        *(_NO_RISKS if sums.frauds == _NO_FRAUDS else _risks(sums)),
    ]


def _risks(sums: Sums) -> list[float]:
    """The merchant's share of frauds in each window, and its run of them."""
    shares = [known / (seen + RISK_PRIOR_PAYMENTS) for known, seen in zip(sums.frauds, sums.exposed, strict=True)]
    week, since = sums.frauds[1], sums.since
    return [*shares, 0.0 if since is None else week / (week + RISK_PRIOR_PAYMENTS * (1 + since))]
