"""The real data, where it is at hand."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Return a real data file, or skip the test with a word on where it was looked for."""

    def find(name: str) -> Path:
        places = [Path(__file__).parents[5] / "shared" / "data"]
        if given := os.environ.get("RISKSTREAM_DATA"):
            places.insert(0, Path(given))
        for place in places:
            if (place / name).is_file():
                return place / name
        pytest.skip(f"{name} is neither in RISKSTREAM_DATA nor in ../shared/data")

    return find
