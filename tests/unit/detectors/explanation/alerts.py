"""Assessments of a small history, to explain: the riskiest of each kind of score."""

from collections.abc import Callable
from functools import cache

from detectors.assess import assess
from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.training import train
from tests.unit.detectors.histories import history, labels, probability_bundle, rarity_bundle


@cache
def feedback_bundle() -> Bundle:
    return train(history(), labels(), kind="rarity+feedback")


BUNDLES: dict[str, Callable[[], Bundle]] = {
    "probability": probability_bundle,
    "rarity": rarity_bundle,
    "rarity+feedback": feedback_bundle,
}


@cache
def riskiest(kind: str, count: int = 5) -> tuple[Assessment, ...]:
    """The payments of highest statistic, as a partition of its own assesses them."""
    outcome = assess(history(), lambda _: None, BUNDLES[kind]())
    found = [assessment for _, assessment in outcome.assessments]
    return tuple(sorted(found, key=lambda each: -each.statistic)[:count])
