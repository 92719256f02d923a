"""How a module of ours is started as a process."""

import sys
from pathlib import Path


def python_module(module: str, *arguments: str, python: Path | None = None) -> list[str]:
    """The command that runs a module, with this Python or another."""
    return [str(python or sys.executable), "-m", module, *arguments]
