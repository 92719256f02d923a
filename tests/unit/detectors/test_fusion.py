from dataclasses import replace
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.bundle import Bundle
from detectors.features import FEATURES
from detectors.fusion import DETECTOR_TERMS, LOGISTIC_TERMS, Fused, fuse, strangeness_of
from detectors.panel import detect
from detectors.zscore import Z_FEATURES, zscore_terms
from tests.unit.detectors.histories import probability_bundle, rarity_bundle, rows

BUNDLES = {"rarity": rarity_bundle, "probability": probability_bundle}


def fused(bundle: Bundle, count: int = 400) -> Fused:
    return fuse(detect(rows(count), None, bundle)[0], rows(count), bundle)


def weighted(bundle: Bundle, *weights: float) -> Bundle:
    fusion = msgspec.structs.replace(bundle.manifest.fusion, weights=weights)
    return replace(bundle, manifest=msgspec.structs.replace(bundle.manifest, fusion=fusion))


@pytest.mark.parametrize("kind", BUNDLES)
def test_terms_and_baseline_add_up_to_the_statistic(kind: str) -> None:
    found = fused(BUNDLES[kind]())
    assert found.terms.shape == (400, len(found.term_names))
    assert np.abs(found.baseline + found.terms.sum(axis=1) - found.statistic).max() < 1e-9


def test_every_detector_may_have_a_weight_and_the_terms_still_add_up() -> None:
    found = fused(weighted(probability_bundle(), 0.3, 0.2, 0.4, 0.9))
    assert np.abs(found.baseline + found.terms.sum(axis=1) - found.statistic).max() < 1e-9


@pytest.mark.parametrize("kind", BUNDLES)
def test_scores_lie_between_0_and_100_with_4_decimals_in_the_order_of_the_statistic(kind: str) -> None:
    found = fused(BUNDLES[kind]())
    assert ((found.score >= 0) & (found.score <= 100)).all()
    assert found.score.tolist() == [round(value, 4) for value in found.score.tolist()]
    assert (np.diff(found.score[np.argsort(found.statistic)]) >= 0).all()


def test_a_rarity_says_what_share_of_reference_traffic_is_less_strange() -> None:
    """The latest quarter of the history is the reference: a tenth of it scores 90 or more."""
    found = fused(rarity_bundle(), 480)
    for least in (50.0, 90.0, 98.0):
        assert np.mean(found.score >= least) == pytest.approx(1 - least / 100, abs=0.02)


def test_a_probability_says_how_many_frauds_there_are() -> None:
    found = fused(probability_bundle(), 480)
    assert np.mean(found.score) / 100 == pytest.approx(35 / 480, rel=0.2)


@pytest.mark.parametrize("kind", BUNDLES)
def test_a_detector_that_cannot_speak_is_not_counted_as_calm(kind: str) -> None:
    """Its silence leaves the mean of the others (rarity) or the reference (probability), never less."""
    bundle = BUNDLES[kind]()
    scores, _ = detect(rows(200), None, bundle)
    silenced = scores.copy()
    silenced[:, 0] = np.nan
    calm = scores.copy()
    calm[:, 0] = 0.0
    heard = fuse(silenced, rows(200), weighted(bundle, 1.0, 1.0, 1.0, 1.0))
    assert np.isnan(heard.tails[:, 0]).all()
    assert (heard.statistic > fuse(calm, rows(200), weighted(bundle, 1.0, 1.0, 1.0, 1.0)).statistic).all()
    assert np.abs(heard.baseline + heard.terms.sum(axis=1) - heard.statistic).max() < 1e-9


@pytest.mark.parametrize("kind", BUNDLES)
def test_if_no_detector_can_speak_the_score_is_an_ordinary_one(kind: str) -> None:
    bundle = BUNDLES[kind]()
    found = fuse(np.full((1, 4), np.nan), np.full((1, len(FEATURES)), np.nan), bundle)
    assert found.statistic[0] == bundle.manifest.fusion.intercept == found.baseline[0]
    assert np.isfinite(found.score[0])


def test_a_detector_without_weight_has_no_part_in_a_rarity() -> None:
    bundle = rarity_bundle()
    scores, _ = detect(rows(100), None, bundle)
    louder = scores.copy()
    louder[:, 3] += 5.0
    assert fuse(louder, rows(100), bundle).score.tolist() == fuse(scores, rows(100), bundle).score.tolist()


def test_the_z_scores_part_is_split_by_its_features_shares() -> None:
    found = fused(rarity_bundle())
    amount = found.terms[:, found.term_names.index("zscore:amount_z")]
    attempts = found.terms[:, found.term_names.index("zscore:login_attempts_z")]
    raised = zscore_terms(rows(400), rarity_bundle().deviations)
    for name, part in (("amount_z", amount), ("login_attempts_z", attempts)):
        strange = raised[:, Z_FEATURES.index(name)] > 0
        assert strange.any()
        assert ((part > 0) == strange).all()
    assert found.term_names == (*DETECTOR_TERMS, "logistic")


def test_the_logistic_part_is_split_by_features_in_a_probability() -> None:
    assert fused(probability_bundle()).term_names == (*DETECTOR_TERMS, *LOGISTIC_TERMS)


def test_tails_are_shares_of_reference_traffic() -> None:
    bundle = rarity_bundle()
    found = fused(bundle)
    scores, _ = detect(rows(400), None, bundle)
    assert ((found.tails > 0) & (found.tails <= 1)).all()
    assert np.allclose(-np.log(found.tails), strangeness_of(scores, bundle.tails))


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 120), max_size=5))
def test_batch_borders_change_no_bit(cuts: list[int]) -> None:
    bundle = probability_bundle()
    scores, _ = detect(rows(120), None, bundle)
    whole = fuse(scores, rows(120), bundle)
    borders = [0, *sorted(cuts), 120]
    parts = [fuse(scores[a:b], rows(120)[a:b], bundle) for a, b in pairwise(borders)]
    for name in ("statistic", "score", "tails", "terms", "baseline"):
        pieces = np.concatenate([getattr(part, name) for part in parts])
        assert pieces.tobytes() == getattr(whole, name).tobytes(), name
