"""One default run for all tests that ask what simulated traffic is like."""

import pytest

from stream.simulation import SimulationConfig, draw
from stream.simulation.traffic import Simulated


@pytest.fixture(scope="session")
def default_run() -> Simulated:
    """What `riskstream simulate` makes when nothing else is asked for."""
    return draw(SimulationConfig())
