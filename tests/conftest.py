"""What all tests share: the terminal says last, and plainly, which kinds of tests did not run."""

import gc
import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.needs import NOT_RUN

# No deadline: a slow machine is no fault of the code. CI tries the same examples every time, people try new ones.
settings.register_profile("riskstream", max_examples=25, deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("riskstream")


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the notes."""
    config.stash[NOT_RUN] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Write the notes below everything else, where they cannot be overlooked."""
    yield
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:
        for note in session.config.stash[NOT_RUN]:
            terminal.write_line(note, yellow=True, bold=True)


def pytest_collection_finish() -> None:
    """Leave what was imported out of every later garbage collection: it is large, and no test changes it."""
    gc.freeze()


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Return a real data file, or skip the test with a word on where it was looked for."""

    def find(name: str) -> Path:
        places = [Path(__file__).parents[2] / "shared" / "data"]
        if given := os.environ.get("RISKSTREAM_DATA"):
            places.insert(0, Path(given))
        for place in places:
            if (place / name).is_file():
                return place / name
        pytest.skip(f"{name} is neither in RISKSTREAM_DATA nor in ../shared/data")

    return find
