"""Facts about the words of features."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.explanation.words import DETECTOR_WORDS, TITLES, feature_text
from detectors.features import FEATURES
from detectors.fusion import DETECTOR_TERMS, LOGISTIC_TERMS


def test_every_feature_has_a_title() -> None:
    assert tuple(TITLES) == FEATURES
    assert all(TITLES.values())


def test_every_term_of_a_score_has_words() -> None:
    causes = {name.rpartition(":")[2] for name in (*DETECTOR_TERMS, *LOGISTIC_TERMS, "logistic")}
    assert causes <= {*FEATURES, *DETECTOR_WORDS}


@given(st.sampled_from(FEATURES), st.floats(-30.0, 30.0))
def test_any_value_a_row_can_hold_is_told_in_a_line(feature: str, value: float) -> None:
    assert feature_text(feature, value).startswith(f"{TITLES[feature]}: ")
    assert feature_text(feature, value).isprintable()


@pytest.mark.parametrize("feature", FEATURES)
def test_a_missing_value_is_not_known(feature: str) -> None:
    assert feature_text(feature, None) == f"{TITLES[feature]}: not known"


@pytest.mark.parametrize(
    ("feature", "value", "told"),
    [
        ("gap_z", 2.0, "2.0 deviations shorter than the account's usual"),
        ("gap_z", -2.0, "2.0 deviations longer than the account's usual"),
        ("new_device", 1.0, "new"),
        ("ip_country_mismatch", 0.0, "the same"),
        ("count_1h", 1.386294, "3 payments"),
        ("log_amount", 5.828387, "338.81"),
        ("balance_share", 0.5, "50% of it"),
    ],
)
def test_values_come_back_in_their_own_unit(feature: str, value: float, told: str) -> None:
    assert feature_text(feature, value).endswith(told)
