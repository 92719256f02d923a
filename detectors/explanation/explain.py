"""From an assessment to its explanation: exact contributions, LIME's view if there is time, and a comparison."""

from collections.abc import Sequence
from typing import Final

from detectors.assessment import Assessment, Split
from detectors.bundle import Bundle
from detectors.explanation.exact import exact_weights, feature_row, reason_weights, weigh
from detectors.explanation.explanation import (
    Explanation,
    Unit,
    View,
    Weight,
    explanation_id,
    seed_of,
)
from detectors.explanation.local import (
    SAMPLES,
    Expired,
    LocalModel,
    LocalViews,
    OverBudget,
    explain_locally,
)
from detectors.explanation.split import splits_of
from detectors.explanation.words import DETECTOR_WORDS
from detectors.features import FEATURES

OUT_OF_TIME: Final = "LIME did not end within its time budget"


def explain(
    assessment: Assessment,
    alert_id: str,
    bundle: Bundle,
    *,
    samples: int = SAMPLES,
    expired: Expired = lambda: False,
) -> Explanation:
    """Explain a payment with LIME and exactly; exactly alone once `expired` says that there is no time left.

    The same assessment, bundle and number of samples give the same explanation. An assessment of another bundle is
    explained by its own reasons.
    """
    if assessment.bundle_version != bundle.version:
        return explain_exactly(assessment, alert_id, bundle, "")
    try:
        views = explain_locally(
            feature_row(assessment)[0],
            bundle,
            seed=seed_of(assessment.transaction_id),
            samples=samples,
            expired=expired,
        )
    except OverBudget:
        return explain_exactly(assessment, alert_id, bundle, OUT_OF_TIME)
    exact = exact_weights(assessment, bundle)
    fused = _view(views.fused, _unit(assessment), assessment)
    agrees = _agrees(fused, exact)
    return _explanation(
        assessment,
        alert_id,
        exact,
        approximate=_approximate(assessment, bundle),
        samples=samples,
        fused=fused,
        logistic=_logistic(views, assessment),
        agrees=agrees,
        remark=_remark(fused.features[0], exact[0]) if agrees is False else None,
    )


def explain_exactly(assessment: Assessment, alert_id: str, bundle: Bundle, why: str) -> Explanation:
    """Explain a payment by its exact contributions alone; `why` says in a sentence why there is no LIME."""
    if assessment.bundle_version != bundle.version:
        why = (
            f"the payment was scored with bundle {assessment.bundle_version}, and {bundle.version} is at hand:"
            " only the contributions of its reasons are known"
        )
        return _explanation(assessment, alert_id, reason_weights(assessment), fallback=why)
    return _explanation(
        assessment,
        alert_id,
        exact_weights(assessment, bundle),
        approximate=_approximate(assessment, bundle),
        fallback=why,
    )


def _explanation(
    assessment: Assessment,
    alert_id: str,
    exact: tuple[Weight, ...],
    *,
    approximate: tuple[Split, ...] = (),
    fallback: str | None = None,
    samples: int = 0,
    fused: View | None = None,
    logistic: View | None = None,
    agrees: bool | None = None,
    remark: str | None = None,
) -> Explanation:
    return Explanation(
        explanation_id=explanation_id(assessment.assessment_id),
        alert_id=alert_id,
        assessment_id=assessment.assessment_id,
        transaction_id=assessment.transaction_id,
        account_id=assessment.account_id,
        event_time=assessment.event_time,
        fraud_risk_score=assessment.fraud_risk_score,
        score_kind=assessment.score_kind,
        risk_level=assessment.risk_level,
        bundle_version=assessment.bundle_version,
        feature_version=assessment.feature_version,
        method="exact" if fused is None else "lime",
        fallback=fallback,
        samples=samples,
        seed=seed_of(assessment.transaction_id),
        fused=fused,
        logistic=logistic,
        exact=exact,
        approximate=approximate,
        agrees=agrees,
        remark=remark,
    )


def _approximate(assessment: Assessment, bundle: Bundle) -> tuple[Split, ...]:
    """The assessment's own from level medium up; else made here."""
    return assessment.approximate or splits_of(feature_row(assessment), bundle)[0]


def _unit(assessment: Assessment) -> Unit:
    return "log-odds" if assessment.score_kind == "probability" else "tail statistic"


def _logistic(views: LocalViews, assessment: Assessment) -> View | None:
    return None if views.logistic is None else _view(views.logistic, "log-odds", assessment)


def _view(model: LocalModel, unit: Unit, assessment: Assessment) -> View:
    return View(
        unit=unit,
        features=tuple(weigh(FEATURES[place], assessment.features, weight) for place, weight in model.weights),
        intercept=model.intercept,
        prediction=model.prediction,
        actual=model.actual,
        r2=model.r2,
        r2_probability=model.r2_probability,
    )


def _agrees(fused: View, exact: Sequence[Weight]) -> bool | None:
    """Whether both lead with the same feature; None where either has none to lead with."""
    if not fused.features or not exact or exact[0].feature in DETECTOR_WORDS:
        return None
    return fused.features[0].feature == exact[0].feature


def _remark(local: Weight, exact: Weight) -> str:
    """Say where they differ, and why both may be right."""
    return (
        f"LIME leads with {local.feature} ({local.weight:+.2f}), the exact contributions with {exact.feature}"
        f" ({exact.weight:+.2f}): LIME asks how the score falls when features of this payment become typical,"
        " alone and together; the exact share is what a feature adds beyond the mean of reference traffic. Both"
        " may be right."
    )
