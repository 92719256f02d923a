"""A history, the bundle that `riskstream train` makes of it, and a server process that holds the bundle."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.invocations.server import ServerProcess
from scripts.main import build

TRAINED_DAYS, ACCOUNTS = 28, 150


def riskstream(*arguments: str | Path) -> str:
    """Run a command and return what it says."""
    result = CliRunner().invoke(build(str(arguments[0])), [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated payments with their truth, as CSV."""
    file = tmp_path_factory.mktemp("history") / "history.csv"
    options = ("--accounts", str(ACCOUNTS), "--days", str(TRAINED_DAYS), "--seed", "7", "--fraud-rate", "0.01")
    riskstream("simulate", "--output", file, *options)
    return file


@pytest.fixture(scope="session")
def trained(history: Path) -> Path:
    """The bundle that the command makes of the history."""
    bundle = history.parent / "bundle"
    riskstream("train", history, "--output", bundle, "--label-delay", "1d", "--seed", "3")
    return bundle


@pytest.fixture(scope="session")
def server(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server of its own process, ready."""
    with ServerProcess(trained, tmp_path_factory.mktemp("server") / "log") as running:
        running.ready()
        yield running
