from dataclasses import replace

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from detectors.features import FEATURES
from detectors.logistic import Logistic, logistic, logistic_contributions
from detectors.training.supervised import FEW_KNOT_QUANTILES, _curves, _design, fit_logistic
from tests.unit.detectors.histories import features, probability_bundle, rows


def model(**changes: object) -> Logistic:
    plain = Logistic(
        low=np.array([-1.0]),
        high=np.array([5.0]),
        weight=np.array([2.0]),
        knots=np.array([[1.0, 0.0]]),
        bends=np.array([[-1.5, 0.0]]),
        missing=np.array([0.25]),
        reference=np.array([0.0]),
        baseline=-3.0,
    )
    return replace(plain, **changes)


def test_a_curve_is_a_line_with_a_bend_and_flat_ends() -> None:
    values = np.array([[-9.0], [0.5], [1.0], [3.0], [5.0], [99.0]])
    assert logistic(values, model()).tolist() == [-5.0, -2.0, -1.0, 0.0, 1.0, 1.0]


def test_a_missing_value_has_a_worth_of_its_own() -> None:
    assert logistic(np.array([[np.nan]]), model()).tolist() == [-2.75]


def test_contributions_add_up_to_the_log_odds() -> None:
    trained = probability_bundle().logistic
    assert trained is not None
    parts = logistic_contributions(rows(), trained)
    assert parts.shape == (600, len(FEATURES))
    assert np.abs(trained.baseline + parts.sum(axis=1) - logistic(rows(), trained)).max() < 1e-9


def test_contributions_are_relative_to_the_reference_mean() -> None:
    trained = probability_bundle().logistic
    assert trained is not None
    reference = features().rows[-480:]
    assert np.abs(logistic_contributions(reference, trained).mean(axis=0)).max() < 1e-9


def test_the_folded_model_equals_the_pipeline_it_was_folded_from() -> None:
    """Imputation, indicators, hinges, standardisation and two fits, as scikit-learn applies them one by one."""
    table = features().rows[-500:]
    frauds = np.array([tx.transaction_id.startswith("F") for tx in features().transactions[-500:]])
    design, owner = _design(table, _curves(table, FEW_KNOT_QUANTILES))
    scale = design.std(axis=0)
    scale[scale < 1e-9] = 1.0
    standard = (design - design.mean(axis=0)) / scale
    with threadpool_limits(limits=1):
        first = LogisticRegression(C=0.03, solver="newton-cholesky", tol=1e-6, max_iter=200).fit(standard, frauds)
        granted = np.array([_moved(standard, first.coef_[0], owner, feature, frauds) for feature, _ in owner])
        granted = np.maximum(granted / granted.max(), 0.001)
        peer = LogisticRegression(C=0.1, solver="newton-cholesky", tol=1e-6, max_iter=200)
        expected = peer.fit(standard * granted, frauds).decision_function(standard * granted)
        folded = fit_logistic(table, frauds, table)
    assert np.abs(logistic(table, folded) - expected).max() < 1e-9


def _moved(
    standard: np.ndarray, slopes: np.ndarray, owner: list[tuple[int, int | None]], feature: int, frauds: np.ndarray
) -> float:
    """How far a feature moves payments: half by its spread, half by what it says of frauds."""
    columns = [at for at, (mine, _) in enumerate(owner) if mine == feature]
    share = standard[:, columns] @ slopes[columns]
    share = share - share.mean()
    return float(np.sqrt((np.mean(share[frauds] ** 2) + np.mean(share**2)) / 2))


def test_the_age_of_a_mature_account_says_nothing_more() -> None:
    trained = probability_bundle().logistic
    assert trained is not None
    column = FEATURES.index("history")
    old, older = rows(1).copy(), rows(1).copy()
    old[0, column], older[0, column] = np.log1p(30), np.log1p(3000)
    assert logistic(old, trained).tolist() == logistic(older, trained).tolist()
