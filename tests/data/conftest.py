"""Tests on real data sets: left out, with the reason, where these are absent, and in CI, which has none."""

import os

import pytest

from tests.data.handbook import GOLDEN, TRANSACTIONS, data_folder


@pytest.fixture(scope="session", autouse=True)
def handbook() -> None:
    """The handbook's files are there."""
    missing = [name for name in (TRANSACTIONS, GOLDEN) if not (data_folder() / name).is_file()]
    if missing:
        where = "CI has no data sets" if os.environ.get("CI") == "true" else "set RISKSTREAM_DATA to their folder"
        pytest.skip(f"{missing[0]} is not in {data_folder()}: {where}")
