"""Facts about explanations as they travel."""

import pytest

from detectors.errors import ExplanationFormatError
from detectors.explanation.explain import explain
from detectors.explanation.explanation import (
    ASKED,
    decode_explanation,
    encode_explanation,
    explanation_id,
    seed_of,
)
from tests.unit.detectors.explanation.alerts import BUNDLES, riskiest


def test_an_explanation_survives_its_bytes() -> None:
    made = explain(riskiest("rarity")[0], "alert-1", BUNDLES["rarity"](), samples=100)
    assert decode_explanation(encode_explanation(made)) == made


@pytest.mark.parametrize("value", [b"", b"{}", b"null", b'"\xff"', b"{"])
def test_anything_else_is_refused(value: bytes) -> None:
    with pytest.raises(ExplanationFormatError, match="no explanation"):
        decode_explanation(value)


def test_fields_of_later_versions_are_ignored() -> None:
    made = explain(riskiest("rarity")[0], "alert-1", BUNDLES["rarity"](), samples=100)
    assert decode_explanation(encode_explanation(made)[:-1] + b',"later":1}') == made


def test_ids_and_seeds_follow_from_the_payment_alone() -> None:
    assert explanation_id("a") != explanation_id("b")
    assert explanation_id("a") == explanation_id("a")
    assert 0 <= seed_of("T1") < 2**32
    assert seed_of("T1") != seed_of("T2")


def test_lime_is_asked_for_more_features_than_it_would_search_for_one_by_one() -> None:
    """`lime_base.feature_selection`: six or fewer switch to forward selection."""
    assert ASKED > 6
