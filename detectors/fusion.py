"""One score from four detectors, and the exact share that each cause has in it.

Three kinds. *Rarity* adds up how strange each detector finds a payment and says what share of reference traffic is
less strange; it is never a probability. *Rarity+feedback* joins it with the frauds that became known at the
merchant, by a noisy-or. *Probability* is a logistic stack over the same strangeness, calibrated on known frauds. A
detector that cannot speak never counts as "not strange".
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.adding import add_up
from detectors.assessment import DETECTORS
from detectors.bundle import Bundle
from detectors.features import FEATURES
from detectors.feedback import MERCHANT_CAUSES, merchant, rare
from detectors.panel import Causes, causes_of
from detectors.tails import TailCurve, strangeness
from detectors.weights import Fusion
from detectors.zscore import Z_FEATURES

ZSCORE, KMEANS, ISOLATION_FOREST, LOGISTIC = range(len(DETECTORS))
SCORE_DECIMALS: Final = 4
"""Of the published score: steps of one payment in a million, finer than any alert budget in use."""
DETECTOR_TERMS: Final = (*(f"zscore:{name}" for name in Z_FEATURES), "zscore", "kmeans", "isolation_forest")
FEEDBACK_TERM: Final = f"feedback:{MERCHANT_CAUSES[0]}"
LOGISTIC_TERMS: Final = tuple(f"logistic:{name}" for name in FEATURES)


@dataclass(frozen=True, eq=False)
class Fused:
    """The verdict on n payments and what it is made of."""

    statistic: NDArray[np.float64]
    """(n,) log-odds (probability), weighted mean strangeness (rarity) or log-survival (rarity+feedback)."""
    score: NDArray[np.float64]
    """(n,) 0 to 100, rounded half to even to `SCORE_DECIMALS`."""
    tails: NDArray[np.float64]
    """(n, 4) share of reference traffic at least as strange, per detector; NaN where it cannot speak."""
    term_names: tuple[str, ...]
    """T names: "zscore:<feature>", "zscore", "kmeans", "isolation_forest", then "logistic:<feature>" for a
    probability that rests on the logistic detector, else "logistic"; last, for rarity+feedback, what frauds at the
    merchant add."""
    terms: NDArray[np.float64]
    """(n, T) shares of the statistic, in its unit: `baseline` + their sum = `statistic` to 1e-9."""
    baseline: NDArray[np.float64]
    """(n,) the part without a cause: 0 for rarity, the reference log-odds for probability."""


def fuse(
    scores: NDArray[np.float64], rows: NDArray[np.float64], bundle: Bundle, causes: Causes | None = None
) -> Fused:
    """Fuse raw scores, (n, 4) in the order of `DETECTORS`, of the feature rows (n, d) that they were made from.

    `causes` may be passed by a caller that has them already.
    """
    strange = strangeness_of(scores, bundle.tails)
    fusion = bundle.manifest.fusion
    parts, baseline = _parts(scores, strange, fusion)
    names, terms = _terms(parts, scores, causes or causes_of(rows, bundle), bundle)
    statistic = _added(parts, baseline)
    if fusion.kind == "rarity+feedback" and bundle.statistic is not None:
        names, terms = (*names, FEEDBACK_TERM), np.column_stack([terms, merchant(rows)])
        baseline, terms = _survival(statistic, baseline, terms, bundle.statistic)
        statistic = with_feedback(statistic, rows, bundle.statistic)
    return Fused(
        statistic=statistic,
        score=score_of(statistic, fusion, bundle.statistic),
        tails=np.exp(-strange),
        term_names=names,
        terms=terms,
        baseline=baseline,
    )


def strangeness_of(scores: NDArray[np.float64], curves: tuple[TailCurve | None, ...]) -> NDArray[np.float64]:
    """-ln(tail) of each raw score: (n, 4) float64; NaN where a detector cannot speak or has no curve."""
    strange = np.full(scores.shape, np.nan)
    for detector, curve in enumerate(curves):
        if curve is not None:
            strange[:, detector] = strangeness(scores[:, detector], curve)
    return strange


def measures(scores: NDArray[np.float64], strange: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the stack weighs: strangeness, but for the logistic detector its log-odds. (n, 4) float64."""
    measured = strange.copy()
    measured[:, LOGISTIC] = scores[:, LOGISTIC]
    return measured


def fused_statistic(
    scores: NDArray[np.float64], strange: NDArray[np.float64], fusion: Fusion
) -> NDArray[np.float64]:
    """The fused statistic alone: (n,) float64, from raw scores and their strangeness, (n, 4) each."""
    return _added(*_parts(scores, strange, fusion))


def with_feedback(rarity: NDArray[np.float64], rows: NDArray[np.float64], curve: TailCurve) -> NDArray[np.float64]:
    """The statistic of rarity+feedback, (n,), from the fused statistic of a rarity and its reference tail."""
    return rare(strangeness(rarity, curve)) + merchant(rows)


def score_of(statistic: NDArray[np.float64], fusion: Fusion, curve: TailCurve | None) -> NDArray[np.float64]:
    """The published score of a fused statistic: (n,) float64, 0 to 100, never falling as the statistic grows."""
    return np.round(exact_score(statistic, fusion, curve), SCORE_DECIMALS)


def exact_score(statistic: NDArray[np.float64], fusion: Fusion, curve: TailCurve | None) -> NDArray[np.float64]:
    """The score before it is rounded for publication: (n,) float64."""
    if fusion.kind == "rarity+feedback":
        return -100.0 * np.expm1(-statistic)
    if fusion.kind == "probability" or curve is None:
        return 100.0 / (1.0 + np.exp(-np.clip(statistic, -500.0, 500.0)))
    return -100.0 * np.expm1(-strangeness(statistic, curve))


def _parts(
    scores: NDArray[np.float64], strange: NDArray[np.float64], fusion: Fusion
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each detector's share of the statistic, (n, 4), and what is left without a cause, (n,)."""
    if fusion.kind == "probability":
        return _stack_parts(measures(scores, strange), fusion), np.full(len(scores), fusion.intercept)
    parts, speaks = _rarity_parts(strange, fusion)
    return parts, np.where(speaks, 0.0, fusion.intercept)


def _survival(
    rarity: NDArray[np.float64], baseline: NDArray[np.float64], terms: NDArray[np.float64], curve: TailCurve
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Baseline, (n,), and all terms but the last of (n, T), scaled from shares of the rarity to shares of its
    log-survival."""
    whole = rare(strangeness(rarity, curve))
    factor = np.where(rarity > 0.0, whole / np.where(rarity > 0.0, rarity, 1.0), 0.0)
    scaled = terms * factor[:, None]
    scaled[:, -1] = terms[:, -1]
    # A rarity of 0 has no terms to scale, but a log-survival of its own.
    return np.where(rarity > 0.0, baseline * factor, whole), scaled


def _added(parts: NDArray[np.float64], baseline: NDArray[np.float64]) -> NDArray[np.float64]:
    """The baseline and the detectors' parts added up in their order."""
    return add_up(parts.T, baseline)


def _rarity_parts(strange: NDArray[np.float64], fusion: Fusion) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Each detector's share of the weighted mean over those that speak: (n, 4), and whether any does: (n,)."""
    weights = np.where(np.isnan(strange), 0.0, np.array(fusion.weights))
    total = add_up(weights.T)
    speaks = total > 0.0
    parts = np.zeros_like(strange)
    for detector in range(len(DETECTORS)):
        heard = speaks & (weights[:, detector] > 0.0)
        share = weights[heard, detector] / total[heard]
        parts[heard, detector] = share * strange[heard, detector]
    return parts, speaks


def _stack_parts(measured: NDArray[np.float64], fusion: Fusion) -> NDArray[np.float64]:
    """Each detector's log-odds relative to reference traffic: (n, 4), 0 for one that cannot speak."""
    parts = np.zeros_like(measured)
    for detector, (weight, reference) in enumerate(zip(fusion.weights, fusion.reference, strict=True)):
        if weight != 0.0:
            parts[:, detector] = weight * (measured[:, detector] - reference)
    parts[np.isnan(parts)] = 0.0
    return parts


def _terms(
    parts: NDArray[np.float64], scores: NDArray[np.float64], causes: Causes, bundle: Bundle
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The detectors' parts, (n, 4), split over their causes: names, and terms (n, T)."""
    columns = [
        *_zscore_terms(parts[:, ZSCORE], causes.zscore.T),
        parts.T[[KMEANS, ISOLATION_FOREST]],
    ]
    names: tuple[str, ...] = DETECTOR_TERMS
    fusion = bundle.manifest.fusion
    if fusion.kind == "probability" and causes.logistic is not None and fusion.weights[LOGISTIC] != 0.0:
        # As the sum that makes its log-odds has it.
        weights = np.where(np.isnan(scores[:, LOGISTIC]), 0.0, fusion.weights[LOGISTIC])
        columns.append(weights * causes.logistic.T)
        names += LOGISTIC_TERMS
    else:
        columns.append(parts.T[[LOGISTIC]])
        names += ("logistic",)
    return names, np.concatenate(columns).T  # a term's column stays together in memory


def _zscore_terms(part: NDArray[np.float64], causes: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The z-score's part, (n,), over its features in proportion to their share, (f, n), of the raw score: (f, n).

    Then, (1, n), what has no feature to go to: the part of payments whose raw score is 0.
    """
    raw = add_up(causes)
    plain = raw == 0.0
    return [part * (causes / np.where(plain, 1.0, raw)), np.where(plain, part, 0.0)[None]]
