"""The bundle in use, as far as the page needs it: read again when its manifest changes."""

from pathlib import Path
from typing import Any

import structlog

from detectors.bundle import MANIFEST_FILE, Manifest
from detectors.errors import BundleError
from sinks.bundles import load_bundle

log = structlog.get_logger(__name__)


class BundleWatch:
    """Knows the manifest of the bundle in a directory; None while there is none that can be used."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / MANIFEST_FILE
        self._directory = directory
        self._seen: tuple[int, int] | None = None
        self.manifest: Manifest | None = None

    def look(self) -> None:
        """Read the bundle if it has changed; blocks for some milliseconds then."""
        state = self._state()
        if state == self._seen:
            return
        self._seen = state
        if state is None:
            self.manifest = None
            return
        try:
            self.manifest = load_bundle(self._directory).manifest
        except BundleError as error:
            self.manifest = None
            log.warning("the page knows no alert budget", why=str(error))

    def snapshot(self) -> dict[str, Any] | None:
        """Return what the page shows of it."""
        manifest = self.manifest
        if manifest is None:
            return None
        budgets = manifest.budgets
        return {
            "version": manifest.version,
            "score_kind": manifest.score_kind,
            "provisional": manifest.provisional,
            "budgets": {"medium": budgets.medium, "high": budgets.high, "critical": budgets.critical},
        }

    def _state(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
