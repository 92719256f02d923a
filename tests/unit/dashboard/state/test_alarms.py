from dashboard.state.alarms import AlertTimeline, DeadLetterCount, Drifted, DriftLog
from detectors.drift import DriftEvent
from tests.unit.dashboard.world import MOMENT, NOW, card


def drift(block: int, series: str = "degraded_share") -> DriftEvent:
    return DriftEvent(series=series, direction="up", before=0.01, after=0.05, block=block, event_time=MOMENT)


def test_alerts_are_counted_by_minute_level_and_leading_reason():
    timeline = AlertTimeline()
    timeline.add(card(1, arrived=NOW - 60, codes=["NEW_DEVICE", "BALANCE_DRAIN"]), NOW)
    timeline.add(card(2, arrived=NOW, codes=["NEW_DEVICE"], risk_level="critical"), NOW)
    timeline.add(card(3, arrived=NOW - 3600), NOW)
    picture = timeline.snapshot(NOW)
    assert picture["levels"]["high"] == [0] * 13 + [1, 0]
    assert picture["levels"]["critical"] == [0] * 14 + [1]
    assert picture["reasons"] == {"NEW_DEVICE": [0] * 13 + [1, 1]}


def test_at_most_five_reasons_are_shown():
    timeline = AlertTimeline()
    for number in range(8):
        timeline.add(card(number, arrived=NOW, codes=[f"CODE_{number}"]), NOW)
    assert len(timeline.snapshot(NOW)["reasons"]) == 5


def test_a_drift_that_is_told_twice_is_held_once_and_the_newest_come_first():
    log = DriftLog()
    log.fold([Drifted(drift(1), 0, NOW), Drifted(drift(1), 0, NOW)])
    log.fold([Drifted(drift(1), 0, NOW), Drifted(drift(2, "strangeness_kmeans"), 3, NOW + 1)])
    first, *_ = shown = log.snapshot()
    assert len(shown) == 2
    assert (first["series"], first["partition"]) == ("strangeness_kmeans", 3)
    assert shown[1]["text"] == "degraded share rose from 1.00% to 5.00% of payments"


def test_dead_letters_leave_the_window():
    count = DeadLetterCount()
    count.fold([NOW - 1000, NOW - 800, NOW], NOW)
    assert count.snapshot(NOW) == {"window": 2}
    assert count.snapshot(NOW + 2000) == {"window": 0}
