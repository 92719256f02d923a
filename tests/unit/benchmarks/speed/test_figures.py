import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.recovery import Recovery
from benchmarks.speed.figures import Latency, Rate, Results, Spread, flatten, spread

NOTHING = Spread(0, None, None, None, None)


def results(**given: object) -> Results:
    return Results(transactions=100, accounts=5, cores=2, **given)


def latency(p50: float) -> Latency:
    return Latency(Spread(1000, p50, 60.0, 70.0, 80.0), NOTHING, alert_share=0.1, sent_per_s=2000)


def recovery(**told: int) -> Recovery:
    return msgspec.convert({**dict.fromkeys(Recovery.__struct_fields__, 1), **told}, Recovery)


def test_a_thousand_latencies_have_each_percentile_at_its_rank():
    assert spread([float(each) for each in range(1, 1002)]) == Spread(1001, 501.0, 991.0, 1000.0, 1001.0)


def test_no_latency_is_no_figure():
    assert spread([]) == NOTHING


@given(st.lists(st.floats(0, 1e6).map(lambda value: round(value, 1)), min_size=1))
def test_a_percentile_is_a_latency_that_was_measured(latencies: list[float]):
    found = spread(latencies)

    assert {found.p50_ms, found.p99_ms, found.p999_ms, found.max_ms} <= set(latencies)
    assert found.max_ms == max(latencies)
    assert sum(each > (found.p99_ms or 0) for each in latencies) <= len(latencies) / 100


def test_rates_are_told_by_wall_and_by_cpu_time_and_compared_by_both():
    rates = {"assess": Rate(900, 3.0, 2.0), "bare": Rate(800, 2.0, 1.0), "pipeline": Rate(100, 1.0, 1.0)}

    flat = flatten(results(rates=rates))

    assert flat["assess_tx_per_s"] == 300
    assert flat["assess_tx_per_cpu_s"] == 450
    assert flat["assess_to_bare"] == 0.75
    assert math.isclose(flat["assess_to_bare_per_cpu"], 0.562, abs_tol=0.001)
    assert flat["measured_on"] == {"assess": 900, "bare": 800, "pipeline": 100}


def test_what_was_left_out_has_no_key():
    flat = flatten(results(rates={"worker": Rate(100, 1.0, 1.0)}))

    assert {key for key in flat if key.startswith(("assess", "stock", "latency", "scaling", "recovery"))} == set()
    assert "worker_to_pipeline" not in flat


def test_the_headline_latencies_are_those_to_alerts_at_2000_a_second():
    flat = flatten(results(latency={500: latency(5.0), 2000: latency(12.5), 5000: latency(40.0)}))

    headline = {key: flat[key] for key in flat if key.startswith("latency_")}
    assert headline == {
        "latency_p50_ms": 12.5,
        "latency_p99_ms": 60.0,
        "latency_p999_ms": 70.0,
        "latency_max_ms": 80.0,
    }
    assert flat["latency"]["5000"]["to_alert"]["p50_ms"] == 40.0


def test_scaling_is_told_by_workers():
    flat = flatten(results(scaling={1: Rate(100, 2.0, 1.0), 4: Rate(100, 1.0, 2.0)}))

    assert flat["scaling"] == {"1": 50, "4": 100}
    assert flat["scaling_per_cpu_s"] == {"1": 100, "4": 50}


def test_overhead_is_what_a_rival_needs_beyond_the_pure_function_as_it_calls_it():
    rates = {"assess": Rate(1000, 1.0, 0.06), "stock_faust": Rate(1000, 2.0, 2.0)}

    flat = flatten(results(rates=rates, assessing_us={"one": 800.0, "batch": 45.0}))

    assert flat["overhead_us"] == {"assess": pytest.approx(15.0), "stock_faust": pytest.approx(1200.0)}


def test_recovery_and_memory_have_keys_of_their_own():
    told = {
        "recovery_records_per_s": 90_000,
        "rss_mb_1m_accounts_memory": 700,
        "rss_mb_1m_accounts_rocksdb": 250,
    }

    flat = flatten(results(recovery=recovery(accounts=10, **told)))

    assert told.items() <= flat.items()
    assert flat["accounts"] == 5
    assert flat["recovery"]["accounts"] == 10
