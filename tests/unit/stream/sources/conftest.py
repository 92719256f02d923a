"""Small files, and the real ones where they are at hand."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

HEADER = "transaction_id,account_id,merchant_id,event_time,amount"
GOOD = "t1,a1,m1,2026-01-05T10:00:00Z,12.50"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write lines (or bytes) to a file and return its path."""

    def write_file(*lines: str | bytes, name: str = "payments.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(b"\n".join(line.encode() if isinstance(line, str) else line for line in lines))
        return path

    return write_file


@pytest.fixture
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
