"""Decides what kind of score a history can carry, and says why."""

from typing import Final, NamedTuple

from detectors.assessment import ScoreKind

ENOUGH_FRAUDS: Final = 50
"""Known frauds that a supervised model needs: with fewer its weights are mostly noise."""
ENOUGH_ON_EITHER_SIDE: Final = 10
"""Of frauds, and of genuine payments, both among the rows to fit on and among those to calibrate with."""


class KnownLabels(NamedTuple):
    """How many payments are known to be fraud or genuine, after the warm-up."""

    fitting_frauds: int
    reference_frauds: int
    fitting_genuine: int
    reference_genuine: int


class ScoreKindDecision(NamedTuple):
    """The kind of score and a sentence for the manifest."""

    kind: ScoreKind
    why: str


def decide_score_kind(known: KnownLabels | None) -> ScoreKindDecision:
    """The kind of score that these labels can carry; None means that there are none at all.

    >>> decide_score_kind(None).kind
    'rarity'
    >>> decide_score_kind(KnownLabels(200, 90, 30_000, 15_000)).kind
    'probability'
    """
    if known is None:
        return ScoreKindDecision("rarity", "There are no labels, so the score says how rare a payment is.")
    frauds = known.fitting_frauds + known.reference_frauds
    if frauds < ENOUGH_FRAUDS:
        why = f"{frauds} known frauds are too few to learn a probability from ({ENOUGH_FRAUDS} are needed)"
        return ScoreKindDecision("rarity", f"{why}, so the score says how rare a payment is.")
    if min(known) < ENOUGH_ON_EITHER_SIDE:
        why = (
            f"Of the known payments {known.fitting_frauds} frauds and {known.fitting_genuine} genuine come early, "
            f"to learn from, and {known.reference_frauds} and {known.reference_genuine} late, to calibrate with; "
            f"{ENOUGH_ON_EITHER_SIDE} of each are needed"
        )
        return ScoreKindDecision("rarity", f"{why}, so the score says how rare a payment is.")
    return ScoreKindDecision(
        "probability",
        f"{frauds} known frauds are enough to learn from, {known.reference_frauds} of them late enough to "
        "calibrate with, so the score is a probability.",
    )
