"""Jars for tests, fetched once with Maven and kept by the content of the pom that names them."""

import hashlib
import subprocess
import tempfile
from pathlib import Path

_FETCH_SECONDS = 600


class MavenError(Exception):
    """Maven could not fetch what a pom names."""


def fetch_libraries(pom: Path, cache: Path) -> Path:
    """Give the directory of a pom's dependencies, fetched unless they are there already."""
    libraries = cache / hashlib.sha256(pom.read_bytes()).hexdigest()[:16]
    if libraries.is_dir():
        return libraries
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        fetched = Path(scratch) / "libs"
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        done = subprocess.run(
            [*command, f"-DoutputDirectory={fetched}"],
            capture_output=True,
            text=True,
            timeout=_FETCH_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise MavenError(f"Maven could not fetch what {pom} names:\n{(done.stdout + done.stderr)[-3000:]}")
        try:
            fetched.rename(libraries)
        except OSError:  # another run was faster
            if not libraries.is_dir():
                raise
    return libraries
