import pytest

from dashboard.state.live import LiveWindow
from detectors.assessment import Readings
from tests.unit.dashboard.world import NOW, passed


def folded(*payments, now=NOW):
    window = LiveWindow()
    window.fold(payments, now)
    return window.snapshot(now, 0.005)


def test_payments_are_counted_by_second_and_window():
    picture = folded(*(passed(number, at=NOW - number) for number in range(1, 21)))
    assert picture["payments"] == {"per_second": 1.0, "window": 20, "backfilled": 0}
    assert sum(picture["series"]["payments_per_second"]) * 5 == pytest.approx(20)
    assert len(picture["series"]["payments_per_second"]) == len(picture["series"]["p99_ms"]) == 180


def test_the_running_second_is_not_counted_before_it_is_over():
    window = LiveWindow()
    window.fold([passed(1, at=NOW + 0.5)], NOW + 0.6)
    assert window.snapshot(NOW + 0.7, None)["payments"]["window"] == 0
    assert window.snapshot(NOW + 1.1, None)["payments"]["window"] == 1


def test_what_is_older_than_the_window_is_forgotten_and_what_comes_from_the_future_counts_as_now():
    window = LiveWindow()
    window.fold([passed(1, at=NOW - 890), passed(2, at=NOW + 3600)], NOW)
    assert window.snapshot(NOW + 1, None)["payments"]["window"] == 2
    assert window.snapshot(NOW + 20, None)["payments"]["window"] == 1
    assert window.snapshot(NOW + 5000, None)["payments"]["window"] == 0
    assert window.snapshot(NOW + 5000, None)["countries"] == []


def test_backfill_counts_as_history_and_in_nothing_else():
    picture = folded(passed(1, backfill=True, risk_level="critical"), passed(2))
    assert picture["payments"] == {"per_second": 0.2, "window": 1, "backfilled": 1}
    assert picture["alert_rate"] == {"share": 0.0, "budget": 0.005, "risky": 0, "payments": 1}


def test_the_alert_rate_counts_high_and_critical():
    levels = ["low", "medium", "high", "critical"]
    picture = folded(*(passed(place, risk_level=level) for place, level in enumerate(levels)))
    assert picture["alert_rate"] == {"share": 0.5, "budget": 0.005, "risky": 2, "payments": 4}


def test_latencies_are_told_within_their_bins():
    picture = folded(*(passed(number, took_s=number / 1000) for number in range(1, 101)))["latency"]
    assert picture["p50_ms"] == pytest.approx(50, rel=0.05)
    assert picture["p99_ms"] == pytest.approx(99, rel=0.05)
    assert (picture["max_ms"], picture["payments"]) == (100.0, 100)


def test_payments_without_a_time_of_production_have_no_latency():
    picture = folded(passed(1, took_s=None))["latency"]
    assert picture == {"p50_ms": None, "p99_ms": None, "max_ms": None, "payments": 0}


def test_without_payments_shares_are_unknown_not_zero():
    picture = folded()
    assert picture["alert_rate"]["share"] is None
    assert {each["silent_share"] for each in picture["detectors"]} == {None}
    assert set(picture["series"]["p50_ms"]) == {None}


def test_scores_fall_into_twenty_bins_with_the_highest_in_the_last():
    scores = folded(*(passed(n, fraud_risk_score=score) for n, score in enumerate([0.0, 4.9, 5.0, 100.0])))[
        "scores"
    ]
    assert len(scores["edges"]) == 21
    assert (scores["counts"][0], scores["counts"][1], scores["counts"][19]) == (2, 1, 1)


def test_places_are_countries_and_whole_degrees():
    picture = folded(
        passed(1, country=None, ip_country="NG", latitude=6.4, longitude=3.4, risk_level="high"),
        passed(2, country="NG", latitude=6.1, longitude=2.9),
        passed(3, country=None, latitude=None, longitude=None),
    )
    assert picture["countries"] == [{"country": "NG", "payments": 2, "risky": 1}]
    assert picture["points"] == [{"latitude": 6, "longitude": 3, "payments": 2, "risky": 1}]


def test_points_are_at_most_four_hundred_and_risky_ones_are_among_them():
    many = [passed(n, latitude=n % 80, longitude=n // 80) for n in range(800)]
    risky = passed(900, latitude=-50.0, longitude=-50.0, risk_level="critical")
    points = folded(*many, *many, risky)["points"]
    assert len(points) == 400
    assert {"latitude": -50, "longitude": -50, "payments": 1, "risky": 1} in points


def test_silent_detectors_and_degraded_payments_are_shares():
    picture = folded(passed(1, tails=Readings(zscore=0.5), degraded=("geo", "merchant")), passed(2, degraded=()))
    silent = {each["name"]: each["silent_share"] for each in picture["detectors"]}
    assert silent == {"zscore": 0.0, "kmeans": 0.5, "isolation_forest": 0.5, "logistic": 1.0}
    assert {each["what"]: each["share"] for each in picture["degraded"]} == {"geo": 0.5, "merchant": 0.5}


def test_it_does_not_matter_how_payments_are_batched():
    payments = [
        passed(n, at=NOW - n % 40, took_s=n / 500, risk_level="high" if n % 7 else "low") for n in range(90)
    ]
    whole, parts = LiveWindow(), LiveWindow()
    whole.fold(payments, NOW)
    for payment in payments:
        parts.fold([payment], NOW)
    assert whole.snapshot(NOW, None) == parts.snapshot(NOW, None)
