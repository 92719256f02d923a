"""A worker explains in other processes: in its own nothing of what that needs is loaded."""

import subprocess
import sys
from pathlib import Path

HEAVY = ("lime", "sklearn", "scipy", "matplotlib", "skimage")


def test_a_worker_starts_without_what_only_explaining_needs() -> None:
    code = f"import sys, stream.worker; print([name for name in {HEAVY!r} if name in sys.modules])"
    root = Path(__file__).parents[4]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_explaining_needs_no_more_of_lime_than_its_tables() -> None:
    """Its package would bring matplotlib and scikit-image."""
    found = "print([name for name in ('matplotlib', 'skimage') if name in sys.modules])"
    code = f"import sys; from lime import lime_tabular; {found}"
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
