"""What the benchmark writes: one value per training week, and what several weeks say together."""

from typing import Final

import msgspec

from benchmarks.quality.boosters import Trial
from benchmarks.quality.figures import Figures
from benchmarks.quality.known import KnownFrauds
from benchmarks.quality.protocol import PROTOCOL
from benchmarks.quality.published import Published
from detectors.assessment import ScoreKind
from detectors.evaluation.ranking import Interval

MEANING: Final = {
    "labelled": "our score of the kind probability, trained with the labels known when testing begins",
    "label_free": "our score of the kind rarity: no label, ever",
    "feedback": "our score of the kind rarity+feedback: nothing fitted to labels, frauds known a week later",
    "zscore, kmeans, isolation_forest_ours, logistic_ours": "our detectors alone, of the labelled bundle",
    "handbook_*": "a model on the handbook's features; without the prefix it is on ours",
    "lightgbm, xgboost": "best of a seeded random search on test weeks that end before train_start",
    "river": "online logistic regression, learning each label a week after its payment",
    "ap_interval": "95 %, bootstrap over cards",
    "brier, calibration_slope, mean_p_to_rate": "null where a score is no probability",
    "recall_at_1pct": "share of the frauds among the highest 1 % of scores, by scenario of the file",
}


class Gain(msgspec.Struct, frozen=True):
    """Difference of average precision, paired: positive is in favour of the first."""

    difference: float
    interval: Interval | None


class Detectors(msgspec.Struct, frozen=True, kw_only=True):
    """Our four detectors alone beside the score that they were fused to."""

    ap: dict[str, float | None]
    best: str
    fused_minus_best: Gain | None


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """The bundle behind a score."""

    bundle: str
    """Its version."""
    arrays_sha256: str
    """Of everything that was learned but the baseline, which the version covers too."""
    score_kind: ScoreKind
    why: str


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Payments of the weeks."""

    trained: int
    trained_frauds: int
    tested: int
    evaluated: int
    """Of the tested: those whose card is not known as compromised."""
    frauds: int
    """Of the evaluated."""


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one training week."""

    train_start: str
    counts: Counts
    models: dict[str, Figures]
    reproduced: dict[str, Published]
    """The handbook's models as fitted here, rounded as it rounds."""
    published: dict[str, Published]
    """As printed in the handbook; empty for any other training week than its own."""
    oracle_1_3: float | None
    """Average precision of a ranking that is perfect on scenarios 1 and 3 and blind to scenario 2."""
    label_free_to_oracle: float | None
    better_booster: str
    """On our features."""
    labelled_minus_booster: dict[str, Gain | None]
    detectors: dict[str, Detectors]
    """By kind of score."""
    kmeans_partitions: dict[str, float | None]
    """Average precision of k-means by number of partitions."""
    known_frauds: tuple[KnownFrauds, ...]
    """Average precision against the number of known frauds."""
    learned: dict[str, Learned]
    trials: dict[str, tuple[Trial, ...]]
    """The search behind each booster, best first."""


class Pooled(msgspec.Struct, frozen=True, kw_only=True):
    """Several training weeks together. Intervals take weeks as independent."""

    train_starts: tuple[str, ...]
    means: dict[str, dict[str, float]]
    """By model: means over weeks of ap, auc, cp100, brier, calibration_slope, mean_p_to_rate."""
    recall_at_1pct: dict[str, dict[str, float]]
    """By model: frauds reached in all weeks over frauds of all weeks."""
    label_free_to_oracle: float | None
    """Mean over weeks."""
    better_booster: str
    """On our features, by mean average precision."""
    labelled_minus_booster: dict[str, Gain | None]
    """Mean over weeks of the paired differences."""
    fused_minus_detector: dict[str, dict[str, Gain | None]]
    """By kind of score and detector, mean over weeks."""


class Report(Week, frozen=True, kw_only=True):
    """The week that was asked for; with several weeks the others, and all together."""

    protocol: str = PROTOCOL
    meaning: dict[str, str] = msgspec.field(default_factory=lambda: dict(MEANING))
    earlier_weeks: tuple[Week, ...] = ()
    """Latest first."""
    pooled: Pooled | None = None
    seconds: float
