from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.plan import FIRST, KILLS, LAST, WORKERS, Kind, Point, Scale, Variant, draw_plan

SEEDS = st.integers(0, 2**40)
VARIANTS = st.sampled_from(Variant)


@given(SEEDS, VARIANTS)
def test_a_seed_always_gives_the_same_plan(seed: int, variant: Variant) -> None:
    assert draw_plan(seed, Scale(), variant) == draw_plan(seed, Scale(), variant)


def test_the_plan_of_a_seed_does_not_change_with_the_release() -> None:
    """Whoever reports a seed must be able to repeat it."""
    first = draw_plan(7, Scale())[0]
    assert str(first) == "kill (worker 2, 5.1 %, +293 ms)"


@given(SEEDS)
def test_twenty_kills_are_half_at_named_points_and_each_point_is_met_twice(seed: int) -> None:
    plan = draw_plan(seed, Scale())
    assert Counter(fault.kind for fault in plan) == {
        Kind.KILL: 10,
        Kind.DIE: 10,
        Kind.ROLL: 2,
        Kind.RESTART_BROKER: 1,
        Kind.PAUSE: 1,
        Kind.FREEZE: 1,
    }
    assert Counter(fault.point for fault in plan if fault.kind is Kind.DIE) == dict.fromkeys(Point, 2)


@given(SEEDS, VARIANTS)
def test_faults_come_in_order_while_traffic_flows_and_to_workers_that_there_are(
    seed: int, variant: Variant
) -> None:
    plan = draw_plan(seed, Scale(), variant)
    shares = [fault.at for fault in plan]
    assert shares == sorted(shares)
    assert FIRST <= shares[0] <= shares[-1] <= LAST
    assert all(0 <= fault.slot < WORKERS for fault in plan)


@given(SEEDS)
def test_workers_are_killed_while_s3_is_away_and_while_labels_are(seed: int) -> None:
    kinds = [fault.kind for fault in draw_plan(seed, Scale(), Variant.OUTAGE)]
    away = kinds[kinds.index(Kind.CUT_S3) : kinds.index(Kind.RESTORE_S3)]
    assert KILLS & set(away)
    assert kinds.count(Kind.LABELS_DOWN) == 2


@pytest.mark.parametrize("kills", [0, 1, 3])
def test_a_short_plan_has_the_kills_it_was_asked_for(kills: int) -> None:
    plan = draw_plan(1, Scale(kills, 0, 0, 0))
    assert [fault.kind in KILLS for fault in plan] == [True] * kills
