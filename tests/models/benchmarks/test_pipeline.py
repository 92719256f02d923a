import math

import msgspec

from benchmarks.pipeline import BATCH, STAGES, Traffic, measure_traffic
from detectors.transaction import Transaction
from tests.unit.detectors.histories import history, rarity_bundle


def payments() -> list[Transaction]:
    return [
        msgspec.convert(msgspec.to_builtins(each), Transaction, strict=False) for each in history()[: 2 * BATCH]
    ]


def measured() -> Traffic:
    return measure_traffic(payments(), rarity_bundle(), measured=BATCH)


def test_the_last_payments_are_timed_and_every_stage_takes_some_of_it() -> None:
    traffic = measured()
    assert traffic.transactions == BATCH
    assert list(traffic.us_by_stage) == list(STAGES)
    assert min(traffic.us_by_stage.values()) > 0
    assert math.isclose(sum(traffic.us_by_stage.values()), traffic.us_per_tx, abs_tol=0.05)


def test_every_account_and_merchant_that_was_played_is_weighed() -> None:
    traffic, played = measured(), payments()
    assert traffic.accounts == len({each.account_id for each in played})
    assert traffic.merchants <= len({each.merchant_id for each in played})
    assert 50 < traffic.account_memory_bytes < 2000
    assert 20 < traffic.merchant_memory_bytes < 2000
