"""The model in the container: the bundle, frozen and known to work, or why there is none."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from detectors.assessment import Assessment
from detectors.bundle import MANIFEST_FILE, Bundle
from detectors.errors import BundleError
from detectors.feature_rows import FeatureRow, assess_rows, first_rows
from detectors.frozen import freeze
from detectors.transaction import Transaction
from sinks.bundles import load_bundle
from stream.enrichment import enrich_embedded

CHUNK: Final = 1_000
"""Rows that are scored together; any number gives the same assessments."""


def load_model(directory: Path) -> Bundle:
    """Read the bundle and score one payment with it, so that the first request finds everything in place.

    The bundle may lie in the one subdirectory that an archive of it brought along. Raises BundleError.
    """
    bundle = freeze(load_bundle(_bundle_in(directory)))
    assess([Transaction("probe", "probe", "probe", datetime.fromtimestamp(0, UTC), 1.0)], bundle)
    return bundle


def _bundle_in(directory: Path) -> Path:
    if (directory / MANIFEST_FILE).is_file():
        return directory
    inside = sorted(path.parent for path in directory.glob(f"*/{MANIFEST_FILE}"))
    if len(inside) > 1:
        raise BundleError(f"{directory} holds {len(inside)} bundles: put one into the archive of the model.")
    return inside[0] if inside else directory


def assess(rows: Sequence[FeatureRow | Transaction], bundle: Bundle) -> list[Assessment]:
    """Score rows, and payments as the first of their accounts: one assessment each, in order."""
    assessments: list[Assessment] = []
    for start in range(0, len(rows), CHUNK):
        assessments += assess_rows(_complete(rows[start : start + CHUNK], bundle), bundle)
        time.sleep(0)  # lets the thread that answers health checks in
    return assessments


def _complete(rows: Sequence[FeatureRow | Transaction], bundle: Bundle) -> list[FeatureRow]:
    """The rows, with those of bare payments made here."""
    made = iter(first_rows(enrich_embedded([row for row in rows if isinstance(row, Transaction)]), bundle))
    return [next(made) if isinstance(row, Transaction) else row for row in rows]
