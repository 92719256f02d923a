"""What a merchant's sums are to a model. Windows are tested beside this, in test_reading.py."""

import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from detectors.merchants.features import (
    MERCHANT_FEATURES,
    NEW,
    RISK_PRIOR_PAYMENTS,
    UNKNOWN,
    Z_PRIOR_PAYMENTS,
    merchant_rows,
    read_merchants,
)
from detectors.merchants.profile import HourTotals, MerchantProfile, fold
from detectors.merchants.reading import NOTHING, Sums, read_sums
from tests.unit.detectors.merchants.telling import START, TIMING

SUMS = Sums(
    payments=(2, 9, 40),
    deviations=(-500, 3000, 9000),
    exposed=(3, 10, 50),
    frauds=(1, 2, 4),
    since=3,
)
WORTH = {
    "merchant_count_1d": math.log1p(2),
    "merchant_count_7d": math.log1p(9),
    "merchant_count_30d": math.log1p(40),
    "merchant_velocity_ratio": math.log(3 / (40 / 30 + 1)),
    "merchant_z_1d": -0.5 / (2 + Z_PRIOR_PAYMENTS),
    "merchant_z_7d": 3.0 / (9 + Z_PRIOR_PAYMENTS),
    "merchant_risk_1d": 1 / (3 + RISK_PRIOR_PAYMENTS),
    "merchant_risk_7d": 2 / (10 + RISK_PRIOR_PAYMENTS),
    "merchant_risk_30d": 4 / (50 + RISK_PRIOR_PAYMENTS),
    "merchant_run": 2 / (2 + RISK_PRIOR_PAYMENTS * (1 + 3)),
}
"""What these sums are by the formulas of docs/features.md."""


def rows_of(*sums: Sums) -> list[list[float]]:
    payments, deviations = ([getattr(its, name) for its in sums] for name in ("payments", "deviations"))
    return merchant_rows(np.array(payments).T, np.array(deviations).T, sums)


def test_features_are_what_their_formulas_say() -> None:
    [_, row] = rows_of(NOTHING, SUMS)
    assert dict(zip(MERCHANT_FEATURES, row, strict=True)) == pytest.approx(WORTH, abs=1e-12)


def test_of_an_unknown_merchant_everything_is_missing() -> None:
    assert len(UNKNOWN.row) == len(MERCHANT_FEATURES)
    assert all(math.isnan(value) for value in UNKNOWN.row)


def test_a_merchant_that_nobody_paid_before_is_known_to_have_nothing() -> None:
    assert NEW.sums == NOTHING
    assert [NEW.row] == rows_of(NOTHING)


@dataclass
class View:
    """Some merchants, closed up to an hour."""

    edge: int
    memories: dict[str, MerchantProfile] = field(default_factory=dict)

    def profile(self, merchant_id: str) -> MerchantProfile | None:
        return self.memories.get(merchant_id)


def test_each_payment_is_told_of_its_own_merchant_at_its_own_time() -> None:
    """Read together: known, new, not closed that far yet, and known again at another time."""
    memory = fold(None, {START: HourTotals(4, 100)}, [], START + 1, TIMING, [])
    view = View(START + 9, {"M1": memory})
    edges = [START + after for after in (1, 1, 10, 9, 0)]
    readings = read_merchants(view, ["M1", "M2", "M1", "M1", "M1"], edges, TIMING)
    known = [read_sums(memory, START + after, TIMING) for after in (1, 9, 0)]
    assert [readings[1], readings[2]] == [NEW, UNKNOWN]
    assert [readings[place].sums for place in (0, 3, 4)] == known
    assert [readings[place].row for place in (0, 3, 4)] == rows_of(*known)
    assert readings[0].sums.payments == (4, 4, 4)
    assert readings[4].sums.payments == (0, 0, 0)


def test_a_memory_too_new_for_a_payment_makes_its_merchant_unknown() -> None:
    memory = fold(
        None, {START: HourTotals(1), START + 20 * 24: HourTotals(1)}, [], START + 20 * 24 + 1, TIMING, []
    )
    view = View(START + 21 * 24, {"M1": memory})
    assert read_merchants(view, ["M1"], [START + 24], TIMING) == [UNKNOWN]


def test_without_payments_nothing_is_read() -> None:
    assert read_merchants(View(START), [], [], TIMING) == []
