"""A backtest's report as `riskstream backtest` writes it, of payments among which some carry hostile text."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from stream.simulation import SimulatedTransaction, SimulationConfig, simulate
from stream.simulation.writing import write_csv
from tests.browser.traffic import HOSTILE, IMAGE, hostile
from tests.pipeline.process import child_environment

FILE_NAME = f"{IMAGE}.csv"
"""A file may be called so too."""
AFTER_TRAINING = datetime(2026, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Report:
    """Both forms of one report."""

    json: Path
    html: Path


def written_report(bundle: Path, directory: Path) -> Report:
    """Assess a file of simulated payments and have the report written."""
    config = SimulationConfig(seed=5, accounts=120, days=20, start=AFTER_TRAINING, fraud_rate=0.01)
    write_csv(map(_hostile, simulate(config), count()), directory / FILE_NAME)
    report = Report(directory / "report.json", directory / "report.html")
    command = ["backtest", FILE_NAME, "--bundle", str(bundle), "--partitions", "4"]
    subprocess.run(
        [sys.executable, "-m", "scripts.main", *command, "--json", str(report.json), "--output", str(report.html)],
        cwd=directory,
        env=child_environment({}),
        capture_output=True,
        check=True,
        timeout=120,
    )
    return report


def _hostile(payment: SimulatedTransaction, number: int) -> SimulatedTransaction:
    """Every tenth payment with hostile text, in its truth too."""
    if number % 10:
        return payment
    text = HOSTILE[number // 10 % len(HOSTILE)]
    pattern = text if payment.is_fraud else payment.fraud_pattern
    return payment._replace(transaction=hostile(payment.transaction, text), fraud_pattern=pattern)
