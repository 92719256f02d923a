"""Facts about explanations as a whole."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from detectors.explanation.explain import OUT_OF_TIME, explain, explain_exactly
from detectors.explanation.explanation import explanation_id, seed_of
from detectors.fusion import LOGISTIC
from tests.unit.detectors.explanation.alerts import BUNDLES, riskiest

SAMPLES = 300


@pytest.mark.parametrize("kind", BUNDLES)
def test_it_says_what_it_explains_and_how(kind: str) -> None:
    assessment = riskiest(kind)[0]
    made = explain(assessment, "alert-7", BUNDLES[kind](), samples=SAMPLES)
    assert made.explanation_id == explanation_id(assessment.assessment_id)
    assert made.alert_id == "alert-7"
    assert (made.method, made.fallback, made.samples) == ("lime", None, SAMPLES)
    assert made.seed == seed_of(assessment.transaction_id)
    assert made.fused is not None
    assert made.fused.unit == ("log-odds" if kind == "probability" else "tail statistic")
    assert made.logistic is not None
    assert made.logistic.unit == "log-odds"
    assert made.fused.r2_probability is not None


@pytest.mark.parametrize("kind", BUNDLES)
def test_the_same_assessment_is_explained_the_same_way(kind: str) -> None:
    first, again = (explain(riskiest(kind)[0], "a", BUNDLES[kind](), samples=SAMPLES) for _ in range(2))
    assert first == again


def test_over_its_budget_it_falls_back_to_the_exact_contributions() -> None:
    assessment = riskiest("probability")[0]
    made = explain(assessment, "a", BUNDLES["probability"](), expired=lambda: True)
    assert (made.method, made.fallback) == ("exact", OUT_OF_TIME)
    assert (made.fused, made.logistic, made.agrees, made.remark, made.samples) == (None, None, None, None, 0)
    assert made.explanation_id == explanation_id(assessment.assessment_id), "the same, however it was made"
    assert made.exact == explain(assessment, "a", BUNDLES["probability"](), samples=SAMPLES).exact


@pytest.mark.parametrize(
    "work", [lambda a, b: explain(a, "x", b), lambda a, b: explain_exactly(a, "x", b, "late")]
)
def test_of_another_bundle_s_assessment_only_its_reasons_are_told(work: object) -> None:
    bundle = BUNDLES["probability"]()
    made = work(msgspec.structs.replace(riskiest("probability")[0], bundle_version="0ther"), bundle)
    assert made.method == "exact"
    assert "0ther" in made.fallback
    assert bundle.version in made.fallback
    assert made.exact[0].feature == riskiest("probability")[0].reasons[0].code


@pytest.mark.parametrize("kind", BUNDLES)
def test_agreement_is_told_of_the_leading_features(kind: str) -> None:
    for assessment in riskiest(kind):
        made = explain(assessment, "a", BUNDLES[kind](), samples=SAMPLES)
        assert made.fused is not None
        local, exact = made.fused.features[0].feature, made.exact[0].feature
        if exact in ("zscore", "kmeans", "isolation_forest", "logistic"):
            assert made.agrees is None
        else:
            assert made.agrees == (local == exact)
        assert (made.remark is None) == (made.agrees is not False)


def test_where_they_disagree_a_sentence_names_both() -> None:
    """A detector whose reference is moved far away makes the exact leader another, and leaves LIME's alone."""
    bundle = BUNDLES["probability"]()
    model = bundle.logistic
    assert model is not None
    assessment = riskiest("probability")[0]
    before = explain(assessment, "a", bundle, samples=SAMPLES)
    assert before.fused is not None
    quiet = next(place for place, value in enumerate(assessment.features) if value == 0.0)
    reference = np.array(model.reference)
    reference[quiet] -= 50.0
    moved = replace(bundle, logistic=replace(model, reference=reference, baseline=model.baseline - 50.0))
    made = explain(assessment, "a", moved, samples=SAMPLES)
    assert made.agrees is False
    assert made.remark is not None
    assert made.exact[0].feature in made.remark
    assert before.fused.features[0].feature in made.remark
    assert bundle.manifest.fusion.weights[LOGISTIC] != 0.0
