"""What tests share that need more than Python: without it they are left out loudly, and CI=true demands it."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

NOT_RUN = pytest.StashKey[list[str]]()
"""Notes on tests that did not run, which the terminal says last."""


def leave_out(
    config: pytest.Config,
    items: list[pytest.Item],
    demanding: Sequence[pytest.Item],
    what: str,
    lack: str,
    remedy: str,
) -> None:
    """Take the tests on `what` out of `items`, since this machine has a `lack`; with CI=true the run ends instead.

    `remedy` says what to install, as the end of a sentence that begins with "Install".
    """
    if os.environ.get("CI") == "true":
        pytest.exit(f"CI=true demands the tests {what}, but {lack}", returncode=1)
    config.hook.pytest_deselected(items=demanding)
    items[:] = [item for item in items if item not in demanding]
    config.stash[NOT_RUN].append(
        f"NOT RUN: {len(demanding)} tests {what}, because {lack}. Install {remedy} to run them."
    )


def below(folder: Path, items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests that stand below a folder."""
    return [item for item in items if folder in item.path.parents]


def add_figures(variable: str, measured: Mapping[str, float]) -> None:
    """Add what tests measured, by name, to the JSON file that an environment variable names, if it does."""
    name = os.environ.get(variable)
    if name and measured:
        file = Path(name)
        before = json.loads(file.read_text()) if file.exists() and file.stat().st_size else {}
        file.write_text(json.dumps(before | dict(measured), indent=2) + "\n")
