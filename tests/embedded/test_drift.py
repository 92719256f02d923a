"""Drift in the whole pipeline, in process: calm weeks stay calm, a shift is found, a replay finds the same."""

from collections.abc import Sequence

import msgspec

from detectors.drift import BLOCK, DriftEvent
from detectors.transaction import Transaction
from stream.backtest import PartitionFold
from stream.enrichment import enrich_embedded
from stream.simulation import SimulationConfig, simulate
from tests.pipeline.traffic import small_bundle

SEEDS = (11, 12)


def weeks_of_payments(seed: int) -> list[Transaction]:
    """Six weeks of strangers, all in one partition: about 15,000 payments."""
    return [p.transaction for p in simulate(SimulationConfig(seed=seed, accounts=250, days=42))]


def drifts_of(transactions: Sequence[Transaction], batch: int = 1000) -> list[DriftEvent]:
    fold = PartitionFold(0)
    fold.feed(enrich_embedded(transactions), small_bundle(), batch)
    return fold.drifts


def test_twelve_stationary_weeks_raise_no_false_alarm() -> None:
    """About 120 blocks of six series each; the memories' first weeks, when every account is new, included."""
    false_alarms = [drift for seed in SEEDS for drift in drifts_of(weeks_of_payments(seed))]
    assert len(false_alarms) == 0


def test_larger_amounts_are_found_within_a_dozen_blocks_whatever_the_batches() -> None:
    payments = weeks_of_payments(SEEDS[0])
    border = len(payments) * 3 // 4
    shifted = [
        *payments[:border],
        *(msgspec.structs.replace(each, amount=each.amount * 4) for each in payments[border:]),
    ]
    drifts = drifts_of(shifted)
    assert drifts == drifts_of(shifted, batch=77)
    assert {(each.series, each.direction) for each in drifts} == {
        ("strangeness_zscore", "up"),
        ("strangeness_isolation_forest", "up"),
    }
    for drift in drifts:
        assert border < drift.block * BLOCK <= border + 12 * BLOCK
        assert drift.after > 1.5 * drift.before
