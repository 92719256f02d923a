"""Decides what kind of score a history can carry, and says why."""

from typing import Final, NamedTuple

from detectors.assessment import ScoreKind
from detectors.errors import TrainingError

ENOUGH_FRAUDS: Final = 50
"""Known frauds that a supervised model needs: with fewer its weights are mostly noise."""
ENOUGH_LATER_FRAUDS: Final = 10
"""Known frauds on days after those that the first model learns from: the stack and its calibration need both."""
ENOUGH_DAYS: Final = 4
"""Days with frauds: two to learn from, and two to judge and calibrate on."""


class KnownLabels(NamedTuple):
    """How many payments of the training window are known to be fraud or genuine."""

    frauds: int
    genuine: int
    fraud_days: int
    """Days on which the frauds happened."""
    later_frauds: int = ENOUGH_LATER_FRAUDS
    later_genuine: int = ENOUGH_LATER_FRAUDS
    """On days that models of earlier days are judged on."""


class ScoreKindDecision(NamedTuple):
    """The kind of score and a sentence for the manifest."""

    kind: ScoreKind
    why: str


def decide_score_kind(known: KnownLabels | None) -> ScoreKindDecision:
    """The kind of score that these labels can carry; None means that there are none at all.

    >>> decide_score_kind(None).kind
    'rarity'
    >>> decide_score_kind(KnownLabels(20, 5_000, 3)).kind
    'rarity+feedback'
    >>> decide_score_kind(KnownLabels(290, 45_000, 14)).kind
    'probability'
    """
    if known is None:
        return ScoreKindDecision("rarity", "There are no labels, so the score says how rare a payment is.")
    instead = (
        "so the score says how rare a payment is, and weighs the frauds that become known at its merchant; nothing"
        " was fitted to labels."
    )
    if known.frauds < ENOUGH_FRAUDS:
        why = f"{known.frauds} known frauds are too few to learn a probability from ({ENOUGH_FRAUDS} are needed)"
        return ScoreKindDecision("rarity+feedback", f"{why}, {instead}")
    if known.fraud_days < ENOUGH_DAYS or known.genuine < known.frauds:
        why = (
            f"The {known.frauds} known frauds fall on {known.fraud_days} days, beside {known.genuine} payments"
            f" known to be genuine; {ENOUGH_DAYS} days and more genuine payments than frauds are needed"
        )
        return ScoreKindDecision("rarity+feedback", f"{why}, {instead}")
    if known.later_frauds < ENOUGH_LATER_FRAUDS or known.later_genuine < known.later_frauds:
        why = (
            f"The {known.frauds} known frauds are too close together: {known.later_frauds}, beside"
            f" {known.later_genuine} genuine payments, on days that a model of earlier days could be judged on"
            f" ({ENOUGH_LATER_FRAUDS} and no fewer genuine ones are needed)"
        )
        return ScoreKindDecision("rarity+feedback", f"{why}, {instead}")
    return ScoreKindDecision(
        "probability",
        f"{known.frauds} known frauds on {known.fraud_days} days are enough to learn from and to calibrate with,"
        " so the score is a probability.",
    )


def choose_score_kind(known: KnownLabels | None, asked: ScoreKind | None) -> ScoreKindDecision:
    """The kind that was asked for, if the labels can carry it, else the one that they suggest.

    Raises TrainingError for a probability without the labels it needs, and for feedback without any.
    """
    decision = decide_score_kind(known)
    if asked is None or asked == decision.kind:
        return decision
    if asked == "probability" or known is None:
        raise TrainingError(f"A score of the kind {asked} cannot be learned. {decision.why}")
    return ScoreKindDecision(asked, "This kind of score was asked for; nothing was fitted to labels.")
