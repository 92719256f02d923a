"""The pieces of a run that worker processes do, each on one thread.

A worker reads the file itself and takes feature matrices from a directory of the run: only names and results
travel between processes.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality import known, ours
from benchmarks.quality.boosters import Booster, Tuned, tune
from benchmarks.quality.classical import complete, fit_classical
from benchmarks.quality.known import KnownFrauds
from benchmarks.quality.online import first_learned, prequential
from benchmarks.quality.ours import Kind
from benchmarks.quality.payments import Payments, read_payments
from benchmarks.quality.protocol import Split, earlier_starts, split
from benchmarks.quality.published import reproduce
from detectors.bundle import Manifest

FeatureSet = Literal["handbook", "ours"]
KMEANS_PARTITIONS: Final = (1, 4, 16)
EARLIER_WEEKS: Final = 2
"""That hyperparameters are chosen on."""


@dataclass(frozen=True)
class Run:
    """One training week of one file."""

    transactions: Path
    start: int
    scratch: Path
    """Holds a feature matrix for each feature set, `<name>.npy`."""

    @property
    def payments(self) -> Payments:
        """The payments of the file."""
        return _payments(self.transactions)

    @property
    def weeks(self) -> Split:
        """Where training and test week are."""
        return split(self.payments, self.start)

    def features(self, name: FeatureSet) -> NDArray[np.floating[Any]]:
        """The features of all payments up to the end of the test week, (n, d)."""
        matrix: NDArray[np.floating[Any]] = np.load(self.scratch / f"{name}.npy", mmap_mode="r")
        return matrix


@dataclass(frozen=True, eq=False)
class Said:
    """What the product says of the payments of the test week."""

    score: NDArray[np.float64]
    """(t,) published, 0 to 100."""
    detectors: NDArray[np.float64]
    """(t, 4)."""
    manifest: Manifest
    kmeans: dict[int, NDArray[np.float64]]
    """By number of partitions, (t,); of the labelled bundle."""


def assess_with(run: Run, kind: Kind) -> Said:
    """Train our own and let it assess; the labelled kind leaves its features for the other models."""
    payments, test = run.payments, run.weeks.test
    found = ours.assessed(payments, run.weeks, kind, payments.fraud)
    kmeans: dict[int, NDArray[np.float64]] = {}
    if kind == "labelled":
        np.save(run.scratch / "ours.npy", found.features.astype(np.float32))
        assessed = payments.where(slice(test.stop))
        kmeans = {count: ours.kmeans_alone(assessed, found, count)[test] for count in KMEANS_PARTITIONS}
    return Said(found.score[test], found.detectors[test], found.bundle.manifest, kmeans)


def assess_knowing(run: Run, count: int) -> KnownFrauds:
    """Train our own on so many known frauds."""
    return known.with_known(run.payments, run.start, count)


def fit_published(run: Run) -> dict[str, NDArray[np.float64]]:
    """Fit the handbook's models on its features."""
    return reproduce(run.features("handbook"), run.payments, run.weeks)


def fit_usual(run: Run, name: FeatureSet) -> dict[str, NDArray[np.float64]]:
    """Fit the models that everybody knows."""
    return fit_classical(run.features(name), run.payments, run.weeks)


def tune_booster(run: Run, booster: Booster, name: FeatureSet) -> Tuned:
    """Search for a booster's configuration on earlier weeks."""
    payments = run.payments
    starts = earlier_starts(run.start, int(payments.time[0]), EARLIER_WEEKS)
    earlier = [split(payments, start) for start in starts]
    return tune(booster, run.features(name), payments, run.weeks, earlier)


def learn_online(run: Run, name: FeatureSet) -> NDArray[np.float64]:
    """Let river's model learn and predict."""
    features, payments = run.features(name), run.payments
    first = first_learned(payments, run.weeks)
    recent = payments.where(slice(first, None))
    weeks = split(recent, run.start)
    rows = features[first:]
    return prequential(complete(rows, rows[weeks.train]), recent, weeks)


@lru_cache(maxsize=1)
def _payments(path: Path) -> Payments:
    return read_payments(path)
