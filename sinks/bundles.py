"""Bundles on disk: a directory with a manifest and its arrays. It runs nothing that it reads."""

import os
from pathlib import Path
from typing import Final

from detectors.bundle import ARRAYS_FILE, MANIFEST_FILE, RETRAIN, Bundle, dumps_bundle, loads_bundle
from detectors.errors import BundleError

LARGEST_FILE: Final = 256 * 1024 * 1024
"""Bytes. A bundle has about two million; more than this is something else."""


def save_bundle(bundle: Bundle, directory: Path) -> None:
    """Write a bundle, replacing one that is there; a reader sees the old one, the new one, or is refused."""
    files = dumps_bundle(bundle)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in (ARRAYS_FILE, MANIFEST_FILE):
            _replace(directory / name, files[name])
    except OSError as error:
        raise BundleError(
            f"The bundle cannot be written to {directory} ({error.strerror}): choose a directory you can write to."
        ) from error


def load_bundle(directory: Path) -> Bundle:
    """Read a bundle; a `BundleError` says what is wrong with it and how to train one."""
    if not (directory / MANIFEST_FILE).is_file():
        raise BundleError(
            f"There is no bundle in {directory}. Train one: riskstream train FILE --output {directory}."
        )
    try:
        return loads_bundle({name: _read(directory / name) for name in (MANIFEST_FILE, ARRAYS_FILE)})
    except BundleError as error:
        raise BundleError(f"{directory}: {error}") from error


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BundleError(f"{path.name} is larger than any bundle. {RETRAIN}")
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path.name} cannot be read ({error.strerror}). {RETRAIN}") from error


def _replace(path: Path, content: bytes) -> None:
    """Write beside, then rename: nobody ever reads half a file."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)
