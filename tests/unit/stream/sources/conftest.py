"""Small files, and the real ones where they are at hand."""

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
