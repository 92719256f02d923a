"""How much each detector counts in the fused score: what training decides and a bundle carries."""

import msgspec

from detectors.assessment import ScoreKind


class Fusion(msgspec.Struct, frozen=True, kw_only=True):
    """How four detectors become one statistic. Tuples follow `DETECTORS`."""

    kind: ScoreKind
    weights: tuple[float, float, float, float]
    """Rarity: relative weight of each strangeness. Probability: log-odds per unit of it, calibration included."""
    reference: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Probability: mean of each detector's measure over reference traffic, taken for one that cannot speak."""
    intercept: float = 0.0
    """The statistic of a payment on which no detector can speak: the reference mean."""
