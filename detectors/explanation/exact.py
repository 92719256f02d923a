"""The exact contributions to a payment's statistic: the terms that the score was added up from, by feature."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.explanation.explanation import Weight
from detectors.explanation.words import DETECTOR_WORDS, feature_text
from detectors.features import FEATURES
from detectors.fusion import fuse

_AT = {name: place for place, name in enumerate(FEATURES)}


def feature_row(assessment: Assessment) -> NDArray[np.float64]:
    """Return the row that was scored: (1, d) float64, NaN is missing."""
    return np.array([[np.nan if value is None else value for value in assessment.features]])


def exact_weights(assessment: Assessment, bundle: Bundle) -> tuple[Weight, ...]:
    """Return what each feature, and each detector that is no sum over features, adds to `assessment.statistic`.

    They are made from the raw scores that were published, so that they hold for the centres of that moment too.
    The bundle has to be the one that made the assessment.
    """
    readings = msgspec.structs.astuple(assessment.scores)
    scores = np.array([[np.nan if value is None else value for value in readings]])
    fused = fuse(scores, feature_row(assessment), bundle)
    added: dict[str, float] = {}
    for name, term in zip(fused.term_names, fused.terms[0].tolist(), strict=True):
        cause = name.rpartition(":")[2]
        added[cause] = added.get(cause, 0.0) + term
    return largest_first(
        [weigh(cause, assessment.features, weight) for cause, weight in added.items() if weight != 0.0]
    )


def reason_weights(assessment: Assessment) -> tuple[Weight, ...]:
    """Return the contributions that the assessment itself lists: all that is known without its bundle."""
    return largest_first(
        [
            Weight(feature=reason.code, text=reason.text, value=None, weight=reason.contribution)
            for reason in assessment.reasons
            if reason.contribution != 0.0
        ]
    )


def weigh(cause: str, features: Sequence[float | None], weight: float) -> Weight:
    """Return the weight of a feature or of a detector, in words."""
    if cause in DETECTOR_WORDS:
        return Weight(feature=cause, text=DETECTOR_WORDS[cause], value=None, weight=weight)
    value = features[_AT[cause]]
    return Weight(feature=cause, text=feature_text(cause, value), value=value, weight=weight)


def largest_first(weights: Sequence[Weight]) -> tuple[Weight, ...]:
    """Sort by |weight|; equal ones keep their order."""
    return tuple(sorted(weights, key=lambda each: -abs(each.weight)))
