import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.drift import (
    BLOCK,
    MOST_BLOCKS,
    SERIES,
    DriftEvent,
    DriftMemory,
    decode_drift,
    encode_drift,
    observe,
)
from detectors.errors import MemoryFormatError

START = datetime(2026, 6, 1, tzinfo=UTC)


class Traffic:
    """Made-up traffic: uniform tails, one alert in 200, one degraded in 100."""

    def __init__(self, rows: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.tails = 1.0 - rng.random((rows, 4))
        self.degraded = rng.random(rows) < 0.01
        self.alert = rng.random(rows) < 0.005
        self.times = [START + timedelta(seconds=number) for number in range(rows)]

    def observe(
        self, memory: DriftMemory | None = None, start: int = 0, end: int | None = None
    ) -> tuple[DriftMemory, list[DriftEvent]]:
        part = slice(start, end)
        return observe(memory, self.tails[part], self.degraded[part], self.alert[part], self.times[part])


def test_a_stationary_week_raises_no_alarm() -> None:
    """A partition with 10,000 payments a day, three weeks of different noise: no false alarm in any series."""
    alarms = [event for seed in range(3) for event in Traffic(70_000, seed).observe()[1]]
    assert alarms == []


def test_a_detector_that_finds_everything_stranger_is_reported_within_a_few_blocks() -> None:
    traffic = Traffic(60 * BLOCK)
    traffic.tails[30 * BLOCK :, 2] **= 1.5  # -ln of it grows by half
    _, events = traffic.observe()
    assert [(event.series, event.direction) for event in events] == [("strangeness_isolation_forest", "up")]
    assert events[0].before == pytest.approx(1.0, abs=0.1)
    assert events[0].after == pytest.approx(1.5, abs=0.1)
    assert 30 < events[0].block <= 41
    assert events[0].event_time == traffic.times[events[0].block * BLOCK - 1]


@pytest.mark.parametrize(("series", "field"), [("degraded_share", "degraded"), ("alert_share", "alert")])
def test_a_share_that_jumps_is_reported(series: str, field: str) -> None:
    traffic = Traffic(60 * BLOCK)
    getattr(traffic, field)[30 * BLOCK :] = np.random.default_rng(5).random(30 * BLOCK) < 0.10
    _, events = traffic.observe()
    assert (series, "up") in {(event.series, event.direction) for event in events}
    assert {event.series for event in events} == {series}


def test_a_fall_is_reported_as_a_fall() -> None:
    traffic = Traffic(60 * BLOCK)
    traffic.tails[30 * BLOCK :, 0] **= 0.5
    _, events = traffic.observe()
    assert [(event.series, event.direction) for event in events] == [("strangeness_zscore", "down")]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 8_000), max_size=8))
def test_batch_borders_change_nothing(cuts: list[int]) -> None:
    traffic = Traffic(8_000)
    traffic.tails[5_000:] **= 3.0
    whole, found = traffic.observe()
    memory, events = None, []
    borders = [0, *sorted(cuts), 8_000]
    for start, end in pairwise(borders):
        memory, some = traffic.observe(memory, start, end)
        memory = decode_drift(encode_drift(memory))
        events += some
    assert found
    assert events == found
    assert memory == whole


def test_a_detector_that_cannot_speak_has_no_mean() -> None:
    traffic = Traffic(3 * BLOCK)
    traffic.tails[:, 3] = np.nan
    memory, events = traffic.observe()
    assert events == []
    assert memory.history[SERIES.index("strangeness_logistic")] == b""
    assert len(memory.history[0]) == 3 * 4


def test_the_memory_stays_bounded_and_forgets_the_oldest_blocks() -> None:
    memory, _ = Traffic((MOST_BLOCKS + 40) * BLOCK).observe()
    assert memory.blocks == MOST_BLOCKS + 40
    assert len(memory.history[0]) < MOST_BLOCKS * 4
    assert len(encode_drift(memory)) < len(SERIES) * MOST_BLOCKS * 4 + 500


def test_another_bundle_begins_anew() -> None:
    """Its tails are measured against other reference traffic: the step between the two is no drift."""
    traffic = Traffic(300)
    memory, _ = observe(None, traffic.tails, traffic.degraded, traffic.alert, traffic.times, "old")
    same, _ = observe(memory, traffic.tails, traffic.degraded, traffic.alert, traffic.times, "old")
    other, _ = observe(memory, traffic.tails, traffic.degraded, traffic.alert, traffic.times, "new")
    assert (same.blocks, other.blocks) == (2, 1)
    assert other.origin == "new"


def test_observing_leaves_the_memory_alone() -> None:
    traffic = Traffic(700)
    memory, _ = traffic.observe()
    before = encode_drift(memory)
    traffic.observe(memory)
    assert encode_drift(memory) == before


@pytest.mark.parametrize("data", [b"", b"\xc1", encode_drift(DriftMemory())[:-2]])
def test_bytes_that_are_no_memory_are_refused(data: bytes) -> None:
    with pytest.raises(MemoryFormatError, match="rebuild"):
        decode_drift(data)


def test_a_memory_of_another_version_is_refused() -> None:
    with pytest.raises(MemoryFormatError, match="version 9"):
        decode_drift(encode_drift(DriftMemory(version=9)))


def test_what_takes_long_to_load_is_loaded_by_prepare_and_not_by_the_first_look() -> None:
    asked = "import sys, detectors.assess as _, detectors.drift as d; before = 'river' in sys.modules; d.prepare()"
    code = f"{asked}; print(before, 'river' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
