"""Our own labelled traffic: people with habits, what looks like fraud and is not, and five fraud patterns.

Pure and seeded; it knows nothing of files but how to write one CSV, and nothing of brokers.
"""

from stream.simulation.traffic import (
    SimulatedTransaction,
    SimulationConfig,
    SimulationError,
    draw,
    simulate,
    transactions,
)
from stream.simulation.writing import write_csv

__all__ = [
    "SimulatedTransaction",
    "SimulationConfig",
    "SimulationError",
    "draw",
    "simulate",
    "transactions",
    "write_csv",
]
