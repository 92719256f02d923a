import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from detectors.isolation_forest import ROWS_AT_ONCE, Forest, isolation
from detectors.training.forest import flatten, round_down

EVERYTHING = np.full(4, -np.inf)


def fitted(samples: int, seed: int = 0) -> tuple[IsolationForest, np.ndarray]:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(700, 4))
    points[:, 1] = np.round(points[:, 1])
    points[:, 2] = rng.random(700) < 0.02
    return IsolationForest(n_estimators=25, max_samples=samples, random_state=seed).fit(points), points


@pytest.mark.parametrize("samples", [2, 3, 256, 700])
def test_flat_arrays_score_as_scikit_learn_does(samples: int) -> None:
    model, points = fitted(samples)
    flat = flatten(model, np.arange(4), np.zeros(4), EVERYTHING)
    strange = np.vstack([points, points * 3, np.full((1, 4), 1e9)])
    assert np.abs(isolation(strange, flat) + model.score_samples(strange)).max() < 1e-12


def test_values_on_a_cut_take_the_turn_that_scikit_learn_takes() -> None:
    """Thresholds are double precision, values single: the exported ones are rounded so that no turn differs."""
    model, _ = fitted(700)
    flat = flatten(model, np.arange(4), np.zeros(4), EVERYTHING)
    cuts = np.concatenate([tree.tree_.threshold[tree.tree_.feature == 0] for tree in model.estimators_])
    points = np.zeros((len(cuts) * 3, 4))
    points[:, 0] = np.concatenate([cuts, np.nextafter(cuts, 9.0), np.nextafter(cuts, -9.0)])
    assert np.abs(isolation(points, flat) + model.score_samples(points)).max() < 1e-12


def test_thresholds_are_rounded_down() -> None:
    thresholds = np.array([0.1, -0.1, 1.0, 1e-30])
    rounded = round_down(thresholds)
    assert rounded.dtype == np.float32
    assert (rounded.astype(np.float64) <= thresholds).all()
    assert (np.nextafter(rounded, np.float32(np.inf)).astype(np.float64) > thresholds).all()


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_the_two_zeros_are_one_and_nothing_lies_beyond_infinity(zero: float) -> None:
    """A cut at zero: whatever is above it takes two steps, everything else one."""
    cut = Forest(
        columns=np.array([0]),
        median=np.array([0.0]),
        low=np.array([-np.inf]),
        feature=np.array([0, 0, 0]),
        threshold=np.array([zero, np.inf, np.inf], dtype=np.float32),
        left=np.array([1, 1, 2]),
        credit=np.array([0.0, 1.0, 2.0]),
        roots=np.array([0]),
        depth=3,
        normaliser=1.0,
    )
    rows = np.array([[0.0], [-0.0], [-1e-40], [1e-40], [-np.inf], [np.inf], [-7.0], [7.0]])
    assert isolation(rows, cut).tolist() == [0.5, 0.5, 0.5, 0.25, 0.5, 0.25, 0.5, 0.25]


def test_a_missing_value_is_taken_for_the_median() -> None:
    model, points = fitted(256)
    flat = flatten(model, np.arange(4), np.median(points, axis=0), EVERYTHING)
    row = points[:1].copy()
    row[0, 3] = np.nan
    filled = row.copy()
    filled[0, 3] = np.median(points[:, 3])
    assert isolation(row, flat)[0] == isolation(filled, flat)[0]


def test_rows_walk_in_blocks_without_a_trace() -> None:
    model, _ = fitted(256)
    flat = flatten(model, np.arange(4), np.zeros(4), EVERYTHING)
    rows = np.random.default_rng(1).normal(size=(ROWS_AT_ONCE + 3, 4))
    assert isolation(rows, flat)[-3:].tolist() == isolation(rows[-3:], flat).tolist()


def test_what_is_less_than_usual_is_not_strange() -> None:
    points = np.random.default_rng(2).normal(size=(500, 4))
    low = np.median(points, axis=0)
    model = IsolationForest(n_estimators=20, random_state=0).fit(np.maximum(points, low))
    flat = flatten(model, np.arange(4), low, low)
    usual, less, more = isolation(np.array([low, low - 9.0, low + 9.0]), flat)
    assert less == usual < more
