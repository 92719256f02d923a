import numpy as np
import pytest

from detectors.fusion import score_of
from detectors.tails import fit_tail
from detectors.thresholds import Budgets, LevelTable, levels
from detectors.training.levels import fit_levels, operating_points
from detectors.weights import Fusion

RARITY = Fusion(kind="rarity", weights=(1.0, 1.0, 1.0, 0.0))
PROBABILITY = Fusion(kind="probability", weights=(0.0, 0.0, 0.0, 1.0))


def fitted(statistic: np.ndarray, payments: np.ndarray, fusion: Fusion = RARITY) -> tuple[LevelTable, np.ndarray]:
    curve = fit_tail(statistic) if fusion.kind == "rarity" else None
    return fit_levels(statistic, payments, fusion, curve, Budgets()), score_of(statistic, fusion, curve)


@pytest.mark.parametrize("fusion", [RARITY, PROBABILITY], ids=lambda fusion: fusion.kind)
def test_each_level_gets_its_budget_of_reference_rows(fusion: Fusion) -> None:
    statistic = np.random.default_rng(0).normal(-6.0, 2.0, 20_000)
    payments = np.full(20_000, 50)
    table, score = fitted(statistic, payments, fusion)
    codes = levels(score, payments, table)
    shares = [np.mean(codes >= level) for level in (1, 2, 3)]
    assert shares == pytest.approx([0.02, 0.005, 0.001], rel=0.05)


def test_young_accounts_do_not_use_up_the_budget_of_the_others() -> None:
    rng = np.random.default_rng(1)
    payments = np.repeat([0, 50], [2_000, 18_000])
    statistic = rng.exponential(1.0, 20_000) + np.where(payments == 0, 3.0, 0.0)
    table, score = fitted(statistic, payments)
    codes = levels(score, payments, table)
    assert table.new.high > table.mature.high
    for group in (payments == 0, payments == 50):
        assert np.mean(codes[group] >= 1) == pytest.approx(0.02, rel=0.15)


def test_a_maturity_with_little_reference_traffic_shares_the_pooled_thresholds() -> None:
    payments = np.repeat([0, 50], [999, 3_000])
    table, _ = fitted(np.random.default_rng(2).exponential(1.0, 3_999), payments)
    assert table.new == table.warming == table.pooled
    assert table.mature != table.pooled
    assert table.rows == {"new": 999, "warming": 0, "mature": 3_000}


def test_a_budget_finer_than_the_rows_still_has_a_threshold() -> None:
    table, score = fitted(np.random.default_rng(3).exponential(1.0, 200), np.full(200, 50))
    assert table.pooled.medium < table.pooled.high < table.pooled.critical <= 100.0
    assert table.pooled.critical > score.max()


def test_operating_points_say_what_alerting_costs() -> None:
    score = np.arange(10_000.0) / 100
    frauds = np.zeros(10_000, dtype=np.bool_)
    frauds[9_950:] = True
    points = {point.share: point for point in operating_points(score, frauds)}
    assert points[0.005].recall == 1.0
    assert points[0.005].false_positive_rate == 0.0
    assert points[0.01].precision == 0.5
    assert points[0.01].false_positive_rate == pytest.approx(50 / 9_950)
