"""What a backtest found, as one value: the JSON holds all of it, the page shows it; same input, same bytes."""

from datetime import datetime
from typing import Any, Final

import msgspec

from detectors.bundle import Manifest
from detectors.evaluation import Evaluation
from detectors.thresholds import Budgets
from scripts.backtest_report.folding import PartitionDrift
from stream.errors import StreamError

FORMAT: Final = 1
DIGITS: Final = 6
"""Significant digits of every number in the JSON: more would promise what no sample can tell."""


class ReportError(StreamError):
    """A report cannot be written."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where the payments came from, and what became of each."""

    name: str
    archived: bool
    """They were assessed before, by a worker; otherwise here, from empty memories."""
    assessed: int
    malformed: int = 0
    duplicates: int = 0
    """Sent twice; assessed once."""
    conflicts: int = 0
    """With the id of an earlier payment of the account, and other content."""
    other_bundles: int = 0
    """Archived rows by other bundles, left out."""
    partitions: int | None = None
    """Accounts were dealt to so many; None for an archive."""
    labels: str | None = None
    """The file that tells the frauds; None without labels."""
    others_genuine: bool = False
    """Payments that the labels do not name count as genuine."""


class BundleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The bundle that assessed."""

    version: str
    score_kind: str
    why: str
    first_event_time: datetime
    last_event_time: datetime
    """Payments up to then were used for training."""
    payments: int
    labelled: int
    frauds: int
    base_currency: str
    budgets: Budgets
    provisional: bool


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a backtest says."""

    format: int = FORMAT
    source: Source
    bundle: BundleFacts
    score_kinds: tuple[str, ...]
    """Of the assessments."""
    evaluation: Evaluation
    drifts: tuple[PartitionDrift, ...] = ()


def facts_of(manifest: Manifest) -> BundleFacts:
    """Return what a report says of a bundle."""
    return BundleFacts(
        version=manifest.version,
        score_kind=manifest.score_kind,
        why=manifest.why,
        first_event_time=manifest.first_event_time,
        last_event_time=manifest.last_event_time,
        payments=manifest.counts.payments,
        labelled=manifest.counts.labelled,
        frauds=manifest.counts.frauds,
        base_currency=manifest.base_currency,
        budgets=manifest.budgets,
        provisional=manifest.provisional,
    )


def to_json(document: Document) -> bytes:
    """Return the document as indented JSON."""
    plain = _rounded(msgspec.to_builtins(document))
    return msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n"


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return float(f"{value:.{DIGITS}g}")
        case dict():
            return {key: _rounded(held) for key, held in value.items()}
        case list() | tuple():
            return [_rounded(held) for held in value]
        case _:
            return value
