"""How a bundle is made from history. The only part of `detectors` that needs scikit-learn; serving does not."""

from detectors.training.build import train
from detectors.training.score_kind import decide_score_kind

__all__ = ["decide_score_kind", "train"]
