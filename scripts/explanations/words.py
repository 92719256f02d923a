"""What every form of an explanation says of it: its title, its parts and their captions."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from detectors.explanation.explanation import SHOWN, Explanation, View, Weight
from detectors.masking import mask

DETECTOR_NAMES: Final = {"kmeans": "K-means", "isolation_forest": "The isolation forest"}


class Part(NamedTuple):
    """One list of weights, and what is to be known of it."""

    title: str
    caption: str
    weights: Sequence[Weight]


def masked(explanation: Explanation) -> Explanation:
    """Return the explanation with its account hidden."""
    return msgspec.structs.replace(explanation, account_id=mask(explanation.account_id))


def title(explanation: Explanation) -> str:
    """Return one line that names the payment."""
    return f"Payment {explanation.transaction_id} of account {explanation.account_id}"


def verdict(explanation: Explanation) -> str:
    """Return one line that says how it was judged."""
    return (
        f"{explanation.event_time:%Y-%m-%d %H:%M:%SZ}, score {explanation.fraud_risk_score:.2f} of 100"
        f" ({explanation.score_kind}), {explanation.risk_level}; bundle {explanation.bundle_version}"
    )


def parts(explanation: Explanation, top: int = SHOWN) -> list[Part]:
    """Return the views that there are, each with its `top` weights."""
    found = []
    if explanation.fused is not None:
        unit = explanation.fused.unit
        found.append(
            Part(
                f"LIME: the fused {unit} of all detectors",
                _fidelity(explanation.fused, explanation),
                explanation.fused.features[:top],
            )
        )
    rest = sum(each.weight for each in explanation.exact[top:])
    caption = f"all others together {rest:+.2f}; these add up, exactly"
    found.append(Part("Exact contributions", caption, explanation.exact[:top]))
    if explanation.logistic is not None:
        named = "LIME: the logistic detector alone, log-odds"
        found.append(
            Part(named, _fidelity(explanation.logistic, explanation), explanation.logistic.features[:top])
        )
    return found


def notes(explanation: Explanation) -> list[str]:
    """Return what must not be overlooked."""
    told = []
    if explanation.fallback is not None:
        told.append(f"There is no view of LIME: {explanation.fallback}.")
    if explanation.remark is not None:
        told.append(explanation.remark)
    return told


def approximations(explanation: Explanation, top: int = SHOWN) -> list[str]:
    """Return a sentence for each detector that is split over features, its shares only approximately right."""
    return [
        f"{DETECTOR_NAMES.get(split.detector, split.detector)} finds strange, approximately: "
        + "; ".join(f"{each.text} ({each.share:.0%})" for each in split.features[:top])
        for split in explanation.approximate
    ]


def _fidelity(view: View, explanation: Explanation) -> str:
    score = "" if view.r2_probability is None else f" ({view.r2_probability:.2f} of the score)"
    return (
        f"R2 {view.r2:.2f}{score} on {explanation.samples:,} samples; {view.intercept:+.2f} were every feature"
        f" typical, {view.prediction:+.2f} by this model, {view.actual:+.2f} in fact"
    )
