"""What the isolation forest and k-means find strange: their scores, split over features. An approximation.

Neither is a sum over features. A feature's share is how far the score falls when that feature alone becomes
typical; what two features do only together is nobody's share.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.bundle import Bundle
from detectors.explanation.explanation import Share, Split
from detectors.explanation.words import feature_text
from detectors.features import FEATURES
from detectors.frozen import freeze
from detectors.isolation_forest import isolation
from detectors.kmeans import score_and_learn

MOST_SHARES: Final = 5
LEAST_SHARE: Final = 0.01

Scoring = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def splits_of(row: NDArray[np.float64], bundle: Bundle) -> tuple[Split, ...]:
    """Split the scores of a feature row, (d,), with the centres where training left them.

    A detector whose score no single feature lowers by becoming typical is left out.
    """
    clusters = freeze(bundle).clusters
    detectors: tuple[tuple[str, NDArray[np.int64], Scoring], ...] = (
        ("kmeans", clusters.columns, lambda rows: score_and_learn(rows, None, clusters)[0]),
        ("isolation_forest", bundle.forest.columns, lambda rows: isolation(rows, bundle.forest)),
    )
    found = (_split(name, columns, score, row, bundle) for name, columns, score in detectors)
    return tuple(split for split in found if split.features)


def _split(
    name: str, columns: NDArray[np.int64], score: Scoring, row: NDArray[np.float64], bundle: Bundle
) -> Split:
    """The row itself, and below it the same with one column after the other made typical."""
    present = [place for place in columns.tolist() if not np.isnan(row[place])]
    rows = np.tile(row, (1 + len(present), 1))
    for below, place in enumerate(present, 1):
        rows[below, place] = bundle.background.typical[place]
    scores = score(np.asfortranarray(rows))
    falls = np.maximum(scores[0] - scores[1:], 0.0)
    total = float(falls.sum())
    if total == 0.0:
        return Split(detector=name, features=())
    shares = sorted(zip(present, (falls / total).tolist(), strict=True), key=lambda each: -each[1])
    return Split(
        detector=name,
        features=tuple(
            _share(place, float(row[place]), share)
            for place, share in shares[:MOST_SHARES]
            if share >= LEAST_SHARE
        ),
    )


def _share(place: int, value: float, share: float) -> Share:
    feature = FEATURES[place]
    return Share(feature=feature, text=feature_text(feature, value), value=value, share=share)
