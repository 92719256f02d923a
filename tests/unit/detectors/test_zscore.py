import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.features import FEATURES
from detectors.zscore import TERM_CAP, Z_FEATURES, Deviations, zscore, zscore_terms

PLAIN = Deviations(width=np.ones(len(Z_FEATURES)))


def row(**values: float) -> list[float]:
    filled = dict.fromkeys(FEATURES, float("nan")) | values
    return [filled[name] for name in FEATURES]


def test_only_deviations_upwards_count() -> None:
    scores = zscore(np.array([row(amount_z=3.0, gap_z=-4.0), row(amount_z=-3.0)]), PLAIN)
    assert scores.tolist() == [9.0, 0.0]


def test_a_row_without_any_deviation_is_not_called_normal() -> None:
    scores = zscore(np.array([row(log_amount=12.0), row(duration_z=0.0)]), PLAIN)
    assert np.isnan(scores[0])
    assert scores[1] == 0.0


def test_one_feature_adds_at_most_the_cap() -> None:
    assert zscore(np.array([row(amount_z=1e6)]), PLAIN)[0] == TERM_CAP


def test_a_feature_that_scatters_widely_counts_less() -> None:
    wide = Deviations(width=np.array([1.0, 2.0, 1.0, 1.0, 1.0]))
    terms = zscore_terms(np.array([row(amount_z=4.0, gap_z=4.0)]), wide)
    assert terms[0].tolist() == [16.0, 4.0, 0.0, 0.0, 0.0]


@settings(max_examples=50)
@given(st.lists(st.floats(-50, 50) | st.just(float("nan")), min_size=5, max_size=5))
def test_the_terms_add_up_to_the_score(values: list[float]) -> None:
    rows = np.array([row(**dict(zip(Z_FEATURES, values, strict=True)))])
    score, terms = zscore(rows, PLAIN)[0], zscore_terms(rows, PLAIN)[0]
    total = 0.0
    for term in terms:
        total += term
    assert np.isnan(score) or score == total
