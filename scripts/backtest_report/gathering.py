"""Brings assessed payments together, from a file or from the archive, and says what became of every row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from detectors.bundle import Bundle
from detectors.evaluation import evaluate
from detectors.labels import Label, labels_from_truth
from scripts.backtest_report.archived import read_archived
from scripts.backtest_report.columns import Columns, Labels
from scripts.backtest_report.document import Document, Source, facts_of
from scripts.backtest_report.folding import PartitionDrift, fold_payments
from scripts.backtest_report.progress import Stages
from stream.backtest import OnRows
from stream.errors import StreamError
from stream.sources.columns import ColumnMap
from stream.sources.files import FileContents, MalformedRow, read_transactions
from stream.sources.labels import read_labels


class NothingToAssess(StreamError):
    """A file without a payment that can be assessed."""


@dataclass(frozen=True)
class Told:
    """A file of labels, beside the payments."""

    path: Path
    frauds: dict[str, bool]
    others_genuine: bool = False

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


@dataclass(frozen=True)
class Gathered:
    """Assessed payments and where they came from."""

    columns: Columns
    source: Source
    drifts: tuple[PartitionDrift, ...] = ()
    malformed: Sequence[MalformedRow] = ()
    notes: Sequence[str] = ()
    """What a proposed column map took for granted."""


def from_file(
    file: Path,
    columns: ColumnMap | None,
    bundle: Bundle,
    partitions: int,
    told: Told | None,
    stages: Stages,
    on_rows: OnRows | None = None,
) -> Gathered:
    """Assess the payments of a file; `on_rows` is given their feature rows."""
    stages.begin(f"reading {file.name}")
    contents = read_transactions(file, columns)
    total = len(contents.transactions)
    if not total:
        raise NothingToAssess(f"{file} holds no payment that can be read")
    frauds = told.frauds if told else contents.labels
    labels = Labels(frauds or {}, contents.patterns, others_genuine=told is not None and told.others_genuine)
    gathered = Columns(total, labels, bundle.baseline)
    stages.begin("assessing", total)
    observed = _observed(contents, told, bundle)
    folded = fold_payments(contents.transactions, observed, bundle, partitions, gathered, stages.advance, on_rows)
    source = Source(
        name=file.name,
        archived=False,
        assessed=len(gathered),
        malformed=len(contents.malformed),
        duplicates=folded.duplicates,
        conflicts=folded.conflicts,
        partitions=partitions,
        labels=told.name if told else None if frauds is None else file.name,
        others_genuine=told is not None and told.others_genuine,
    )
    return Gathered(gathered, source, folded.drifts, contents.malformed, contents.columns.notes)


def _observed(contents: FileContents, told: Told | None, bundle: Bundle) -> list[Label]:
    """Return what would have become known in the meantime: as the labels say, or after the bundle's label delay.

    A score without feedback heeds no labels, as it did not in training.
    """
    if bundle.manifest.score_kind == "rarity":
        return []
    delay = timedelta(hours=bundle.manifest.timing.delay_hours)
    if told is None:
        return labels_from_truth(contents.transactions, contents.labels or {}, delay)
    return read_labels(told.path, payments=contents.transactions, delay=delay).labels


def from_archive(archive: Any, name: str, bundle: Bundle, told: Told | None, stages: Stages) -> Gathered:
    """Take the assessments that a bundle made from an Arrow data set of the archive."""
    stages.begin("reading the archive")
    genuine = told is not None and told.others_genuine
    labels = Labels(told.frauds if told else {}, None, others_genuine=genuine)
    columns, others = read_archived(archive, bundle, labels)
    source = Source(
        name=name,
        archived=True,
        assessed=len(columns),
        other_bundles=others,
        labels=told.name if told else None,
        others_genuine=genuine,
    )
    return Gathered(columns, source)


def measure(gathered: Gathered, bundle: Bundle, seed: int, stages: Stages) -> Document:
    """Evaluate what was gathered; its columns are given up."""
    columns = gathered.columns
    kinds = tuple(columns.kinds)
    evaluation = evaluate(
        columns.scored(),
        bundle,
        merchants=columns.merchants,
        patterns=columns.patterns,
        probability=kinds == ("probability",),
        seed=seed,
        progress=lambda what: stages.begin(f"measuring: {what}"),
    )
    return Document(
        source=gathered.source,
        bundle=facts_of(bundle.manifest),
        score_kinds=kinds,
        evaluation=evaluation,
        drifts=gathered.drifts,
    )
