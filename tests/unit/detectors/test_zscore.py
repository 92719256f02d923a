import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.features import FEATURES
from detectors.training.deviations import fit_deviations
from detectors.zscore import ORDINARY, Z_FEATURES, zscore, zscore_terms


def row(**values: float) -> list[float]:
    filled = dict.fromkeys(FEATURES, float("nan")) | values
    return [filled[name] for name in FEATURES]


def reference(count: int = 5_000) -> np.ndarray:
    rng = np.random.default_rng(0)
    drawn = {name: rng.normal(size=count) for name in Z_FEATURES}
    drawn["balance_share_z"] = drawn["balance_share_z"] * 10
    drawn["new_device"] = (rng.random(count) < 0.01).astype(float)
    drawn["new_country"] = np.zeros(count)
    return np.array([drawn.get(name, np.full(count, np.nan)) for name in FEATURES]).T


MODEL = fit_deviations(reference())


def test_only_deviations_upwards_count() -> None:
    up, down = zscore(np.array([row(amount_z=3.5, gap_z=-4.0), row(amount_z=-3.5)]), MODEL)
    assert up > 3.0
    assert down == 0.0


def test_what_every_seventh_payment_has_does_not_count() -> None:
    assert zscore(np.array([row(amount_z=1.0)]), MODEL)[0] == 0.0


def test_a_row_without_any_habit_is_not_called_normal() -> None:
    scores = zscore(np.array([row(log_amount=12.0), row(gap_z=0.0)]), MODEL)
    assert np.isnan(scores[0])
    assert scores[1] == 0.0


def test_a_feature_that_scatters_widely_counts_less() -> None:
    terms = dict(
        zip(Z_FEATURES, zscore_terms(np.array([row(amount_z=4.0, balance_share_z=4.0)]), MODEL)[0], strict=True)
    )
    assert terms["amount_z"] > 5.0
    assert terms["balance_share_z"] == 0.0


def test_a_flag_counts_by_its_rarity() -> None:
    term = zscore_terms(np.array([row(new_device=1.0)]), MODEL)[0][Z_FEATURES.index("new_device")]
    assert abs(term - (np.log(100) - ORDINARY)) < 0.4


def test_a_feature_that_never_varied_says_nothing() -> None:
    assert zscore_terms(np.array([row(new_country=1.0)]), MODEL).sum() == 0.0


@settings(max_examples=50)
@given(st.lists(st.floats(-50, 50) | st.just(float("nan")), min_size=len(Z_FEATURES), max_size=len(Z_FEATURES)))
def test_the_terms_add_up_to_the_score(values: list[float]) -> None:
    rows = np.array([row(**dict(zip(Z_FEATURES, values, strict=True)))])
    score, terms = zscore(rows, MODEL)[0], zscore_terms(rows, MODEL)[0]
    total = 0.0
    for term in terms:
        total += term
    assert np.isnan(score) or score == total
