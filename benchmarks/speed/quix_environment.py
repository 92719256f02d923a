"""The virtual environment of the Quix rival: made once under .cache/, since it pins other clients than ours."""

import hashlib
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

from stream.errors import StreamError

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = ROOT / ".cache" / "quix"
QUIX: Final = "quixstreams==3.28.0"
SHARED: Final = ("msgspec", "numpy", "river")
"""What the pure functions stand on, in the versions that are installed here."""
INSTALL_SECONDS: Final = 600


class EnvironmentFailed(StreamError):
    """The environment could not be made."""


def requirements() -> list[str]:
    """What is installed in it."""
    return [QUIX, *(f"{name}=={version(name)}" for name in SHARED)]


def quix_home(cache: Path) -> Path:
    """Where it lies; other versions lie elsewhere."""
    named = hashlib.sha256("\n".join([sys.version, *requirements()]).encode()).hexdigest()[:16]
    return cache / named


def quix_python(cache: Path = CACHE) -> Path:
    """Give its Python, made unless this one is there already."""
    home = quix_home(cache)
    python = home / "bin" / "python"
    if (home / "complete").exists():
        return python
    shutil.rmtree(home, ignore_errors=True)
    _call(sys.executable, "-m", "venv", str(home))
    _call(str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *requirements())
    (home / "complete").touch()
    return python


def _call(*command: str) -> None:
    done = subprocess.run(  # noqa: S603  our own commands
        command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode != 0:
        raise EnvironmentFailed(
            f"the environment of the Quix rival could not be made: `{' '.join(command)}` said"
            f" {(done.stdout + done.stderr)[-1000:]}; leave it out with --only"
        )
