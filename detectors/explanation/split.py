"""What the isolation forest and k-means find strange: their scores, split over features. An approximation.

Neither is a sum over features. A feature's share is how far the score falls when that feature alone becomes
typical; what two features do only together is nobody's share.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.assessment import Share, Split
from detectors.bundle import Bundle
from detectors.explanation.words import feature_text
from detectors.features import FEATURES
from detectors.isolation_forest import isolation
from detectors.kmeans import score_frozen

MOST_SHARES: Final = 5
LEAST_SHARE: Final = 0.01


class _Detector(NamedTuple):
    """One that is split: its m columns, below which values nothing counts, and how it scores feature rows."""

    name: str
    columns: NDArray[np.int64]
    low: NDArray[np.float64]
    """(m,) in the feature's unit."""
    score: Callable[[NDArray[np.float64]], NDArray[np.float64]]


def splits_of(rows: NDArray[np.float64], bundle: Bundle) -> list[tuple[Split, ...]]:
    """Split the scores of feature rows, (n, d), with the centres where training left them: one tuple for each row.

    A detector whose score no single feature lowers by becoming typical is left out. What is said of a row does not
    depend on the others.
    """
    found = [_split(detector, rows, bundle) for detector in _detectors(bundle)]
    return [tuple(split for split in splits if split.features) for splits in zip(*found, strict=True)]


def _detectors(bundle: Bundle) -> tuple[_Detector, ...]:
    clusters, forest = bundle.clusters, bundle.forest
    low = clusters.low * clusters.scale + clusters.mean
    return (
        _Detector("kmeans", clusters.columns, low, lambda rows: score_frozen(rows, clusters)),
        _Detector("isolation_forest", forest.columns, forest.low, lambda rows: isolation(rows, forest)),
    )


def _split(detector: _Detector, rows: NDArray[np.float64], bundle: Bundle) -> list[Split]:
    """Score every row, and again with one feature after the other made typical: all with one call."""
    columns, low = detector.columns, detector.low
    typical = bundle.background.typical[columns]
    # Where the detector sees no difference nothing can fall; a missing value equals nothing, and stays missing.
    seen = rows[:, columns]
    differs = ~np.isnan(seen) & (np.maximum(seen, low) != np.maximum(typical, low))
    of_row, of_column = np.nonzero(differs)
    changed = rows[of_row]
    changed[np.arange(len(changed)), columns[of_column]] = typical[of_column]
    scores = detector.score(np.asfortranarray(np.concatenate([rows, changed])))
    falls = np.maximum(scores[of_row] - scores[len(rows) :], 0.0).tolist()
    ends = np.searchsorted(of_row, np.arange(len(rows) + 1)).tolist()
    places = columns[of_column].tolist()
    return [
        Split(detector=detector.name, features=_shares(row, places[start:end], falls[start:end]))
        for row, start, end in zip(rows, ends, ends[1:], strict=False)
    ]


def _shares(row: NDArray[np.float64], places: Sequence[int], falls: Sequence[float]) -> tuple[Share, ...]:
    total = math.fsum(falls)
    if total == 0.0:
        return ()
    largest = sorted(zip(places, falls, strict=True), key=lambda each: -each[1])[:MOST_SHARES]
    return tuple(
        _share(place, float(row[place]), fall / total) for place, fall in largest if fall / total >= LEAST_SHARE
    )


def _share(place: int, value: float, share: float) -> Share:
    feature = FEATURES[place]
    return Share(feature=feature, text=feature_text(feature, value), value=value, share=share)
