"""The explanation of one alert: the contract of the topic `alerts.explained` and of its archive.

The value holds only what follows from the data; how long it took travels in a header.
"""

from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Final, Literal

import msgspec

from detectors.assessment import RiskLevel, ScoreKind, Split
from detectors.errors import ExplanationFormatError

Method = Literal["lime", "exact"]
Unit = Literal["log-odds", "tail statistic"]
ASKED: Final = 10
"""Features that LIME is asked for; with six or fewer it would search for them one by one, several times slower."""
SHOWN: Final = 3


class Weight(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one feature, or one detector's term, does to the statistic."""

    feature: str
    """A feature's name, or a detector's where its term has no feature."""
    text: str
    """What a person reads, with the value."""
    value: float | None
    """Of the feature row; None where it is missing, and for a detector's term."""
    weight: float
    """Positive raises the risk; in the unit of the view, or of the statistic."""


class View(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A linear model that LIME fitted around the payment."""

    unit: Unit
    features: tuple[Weight, ...]
    """At most `ASKED`, largest |weight| first. `SHOWN` of them are meant for people. A weight is what the feature
    adds here beyond what a typical value, the background's median, would."""
    intercept: float
    """The local model's value for a payment of which every feature is typical."""
    prediction: float
    """The local model's value for this payment."""
    actual: float
    """What the detectors say of this payment."""
    r2: float
    """Fidelity: how much of the detectors' variation around the payment the local model gives back; 1 is all."""
    r2_probability: float | None
    """The same after both are turned into the published score; None where a view has no such score."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Why one payment was alerted. Deduplicate by `explanation_id`."""

    explanation_id: str
    alert_id: str
    """The CloudEvents `id` of the alert."""
    assessment_id: str
    transaction_id: str
    account_id: str
    event_time: Annotated[datetime, msgspec.Meta(tz=True)]
    fraud_risk_score: float
    score_kind: ScoreKind
    risk_level: RiskLevel
    bundle_version: str
    feature_version: str
    method: Method
    fallback: str | None
    """Why there is no view of LIME, in a sentence."""
    samples: int
    """Payments that LIME made up around this one; 0 without LIME."""
    seed: int
    """From the transaction id: the same payment always gets the same explanation."""
    fused: View | None
    """Of the fused statistic of all four detectors."""
    logistic: View | None
    """Of the logistic detector alone; None where there is none."""
    exact: tuple[Weight, ...]
    """Exact contributions to the statistic, largest |weight| first: the terms of one feature added up, a detector
    that is no sum over features as one term. With the assessment's baseline they add up to its statistic."""
    approximate: tuple[Split, ...] = ()
    """The isolation forest and k-means, each split over features: an approximation, and never part of `exact`."""
    agrees: bool | None
    """Whether LIME's leading feature is that of the exact contributions; None without LIME, and where the leading
    contribution has no feature."""
    remark: str | None
    """Where they disagree: a sentence that says so, and why both may be right."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Explanation)


def encode_explanation(explanation: Explanation) -> bytes:
    """Return the explanation as JSON."""
    return _encoder.encode(explanation)


def decode_explanation(value: bytes) -> Explanation:
    """Return the explanation back; fields added by later versions are ignored.

    Raises ExplanationFormatError for anything else.
    """
    try:
        return _decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ExplanationFormatError(
            f"{len(value)} bytes are no explanation: {error}; was it written by another producer?"
        ) from error


def explanation_id(assessment_id: str) -> str:
    """Return 32 hex digits that name the explanation of an assessment, however it was made.

    >>> explanation_id("8d0a") == explanation_id("8d0a"), len(explanation_id("8d0a"))
    (True, 32)
    """
    return blake2b(f"explanation\0{assessment_id}".encode(), digest_size=16).hexdigest()


def seed_of(transaction_id: str) -> int:
    """Return the seed of a payment's explanation: 32 bits of the hash of its id.

    >>> seed_of("t1") == seed_of("t1"), seed_of("t1") == seed_of("t2")
    (True, False)
    """
    return int.from_bytes(blake2b(transaction_id.encode(), digest_size=4).digest(), "big")
