"""Facts about exact contributions."""

import msgspec
import pytest

from detectors.explanation.exact import exact_weights, reason_weights
from tests.unit.detectors.explanation.alerts import BUNDLES, riskiest


@pytest.mark.parametrize("kind", BUNDLES)
def test_they_and_the_baseline_add_up_to_the_published_statistic(kind: str) -> None:
    """Also for centres that have moved since training: k-means' published score is what counts."""
    for assessment in riskiest(kind):
        total = assessment.baseline + sum(each.weight for each in exact_weights(assessment, BUNDLES[kind]()))
        assert total == pytest.approx(assessment.statistic, abs=1e-9)


@pytest.mark.parametrize("kind", BUNDLES)
def test_each_cause_comes_once_the_largest_first(kind: str) -> None:
    weights = exact_weights(riskiest(kind)[0], BUNDLES[kind]())
    assert len({each.feature for each in weights}) == len(weights)
    sizes = [abs(each.weight) for each in weights]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] > 0.0


def test_a_weight_names_the_value_of_its_feature() -> None:
    assessment = riskiest("probability")[0]
    for each in exact_weights(assessment, BUNDLES["probability"]()):
        assert each.value in assessment.features


def test_a_detector_that_is_no_sum_over_features_stays_one_term() -> None:
    weights = exact_weights(riskiest("rarity")[0], BUNDLES["rarity"]())
    (forest,) = [each for each in weights if each.feature == "isolation_forest"]
    assert forest.value is None
    assert forest.weight > 0.0


def test_without_its_bundle_an_assessment_still_tells_its_reasons() -> None:
    assessment = riskiest("probability")[0]
    weights = reason_weights(msgspec.structs.replace(assessment, bundle_version="another"))
    assert {(each.feature, each.weight) for each in weights} == {
        (reason.code, reason.contribution) for reason in assessment.reasons if reason.contribution
    }
