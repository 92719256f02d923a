"""What a page says of a bundle: its manifest, and what its thresholds cost, by maturity."""

from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from dashboard.models.files import Watched
from dashboard.words import DETECTOR_TITLES
from detectors.assessment import LEVELS, Maturity, RiskLevel, ScoreKind
from detectors.bundle import MANIFEST_FILE, Calibration, Counts, Manifest, OperatingPoint
from detectors.thresholds import MATURITIES, Budgets
from sinks.bundles import load_bundle

ALL: Final = "all"
"""Name of the operating points of all accounts."""


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """From which score on accounts of a maturity reach a level, and what that did in training."""

    maturity: Maturity
    level: RiskLevel
    score: float
    reference_rows: int
    """Of the maturity; with fewer than 1,000 it shares the threshold of all."""
    measured: OperatingPoint | None
    """The measured point of the maturity with the nearest score; None without labels."""


class Weight(msgspec.Struct, frozen=True, kw_only=True):
    """How much a detector counts in the score."""

    name: str
    title: str
    weight: float


class BundleView(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle, as the models page shows it."""

    version: str
    score_kind: ScoreKind
    why: str
    population: str | None
    label_source: str | None
    first_event_time: datetime
    last_event_time: datetime
    labels_until: datetime
    counts: Counts
    provisional: bool
    weak_logistic: bool
    base_currency: str
    seed: int
    feature_version: str
    features: tuple[str, ...]
    budgets: Budgets
    thresholds: tuple[Threshold, ...]
    weights: tuple[Weight, ...]
    calibration: Calibration | None
    metrics: dict[str, float]
    operating_points: tuple[OperatingPoint, ...]
    """Of all accounts, the fewest alerts first."""


def watched_manifest(directory: Path) -> Watched[Manifest]:
    """Watch the manifest of the bundle in a directory; the bundle is checked whole."""
    return Watched(directory / MANIFEST_FILE, lambda: load_bundle(directory).manifest)


def view_of(manifest: Manifest) -> BundleView:
    """Return what the page shows of a manifest."""
    return BundleView(
        version=manifest.version,
        score_kind=manifest.score_kind,
        why=manifest.why,
        population=manifest.population,
        label_source=manifest.label_source,
        first_event_time=manifest.first_event_time,
        last_event_time=manifest.last_event_time,
        labels_until=manifest.labels_until,
        counts=manifest.counts,
        provisional=manifest.provisional,
        weak_logistic=manifest.weak_logistic,
        base_currency=manifest.base_currency,
        seed=manifest.seed,
        feature_version=manifest.feature_version,
        features=manifest.features,
        budgets=manifest.budgets,
        thresholds=_thresholds(manifest),
        weights=tuple(
            Weight(name=name, title=title, weight=weight)
            for (name, title), weight in zip(DETECTOR_TITLES.items(), manifest.fusion.weights, strict=True)
        ),
        calibration=manifest.calibration,
        metrics=manifest.metrics,
        operating_points=_rising(manifest.operating_points.get(ALL, ())),
    )


def _thresholds(manifest: Manifest) -> tuple[Threshold, ...]:
    return tuple(
        Threshold(
            maturity=maturity,
            level=level,
            score=getattr(thresholds, level),
            reference_rows=manifest.thresholds.rows.get(maturity, 0),
            measured=_nearest(manifest.operating_points.get(maturity, ()), getattr(thresholds, level)),
        )
        for maturity, thresholds in zip(MATURITIES, manifest.thresholds.by_maturity, strict=True)
        for level in LEVELS[1:]
    )


def _nearest(points: tuple[OperatingPoint, ...], score: float) -> OperatingPoint | None:
    return min(points, key=lambda point: abs(point.score - score), default=None)


def _rising(points: tuple[OperatingPoint, ...]) -> tuple[OperatingPoint, ...]:
    return tuple(sorted(points, key=lambda point: point.share))
