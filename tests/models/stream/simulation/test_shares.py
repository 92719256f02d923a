"""How much of simulated traffic is fraud, and how much only looks like it."""

import numpy as np
import pytest

from stream.simulation import SimulationConfig, draw
from stream.simulation.payments import LOOKALIKES, PATTERNS
from stream.simulation.traffic import Simulated


@pytest.mark.parametrize("fraud_rate", [0.002, 0.01])
def test_the_fraud_rate_is_nearly_reached(fraud_rate: float) -> None:
    payments = draw(SimulationConfig(accounts=400, fraud_rate=fraud_rate)).payments

    assert 0.95 * fraud_rate <= np.isin(payments.story, PATTERNS).mean() <= fraud_rate


def test_a_default_run_has_half_a_percent_fraud(default_run: Simulated) -> None:
    assert 0.0049 <= np.isin(default_run.payments.story, PATTERNS).mean() <= 0.005


@pytest.mark.parametrize("story", PATTERNS, ids=lambda story: story.name)
def test_every_pattern_occurs(default_run: Simulated, story: int) -> None:
    assert (default_run.payments.story == story).sum() >= 40


@pytest.mark.parametrize("story", LOOKALIKES, ids=lambda story: story.name)
def test_every_lookalike_is_more_frequent_than_any_pattern(default_run: Simulated, story: int) -> None:
    told = default_run.payments.story

    assert (told == story).sum() > max((told == pattern).sum() for pattern in PATTERNS)
